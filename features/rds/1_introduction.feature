Feature: What the service-linked role is
  RDS brings an IAM role of its own into an account. Nobody else may use it, and nobody can give its
  permissions to somebody else.

  @RDS-INT-01 @must @api
  Rule: RDS has an IAM role of the service-linked kind

    Scenario: The role lies where only service-linked roles can be
      When the service-linked role is created
      Then the role's path is reserved for service-linked roles

  @RDS-INT-02 @must @api
  Rule: The role is tied to RDS

    Scenario: Path and ARN name the service
      When the service-linked role is created
      Then the role's path is "/aws-service-role/rds.amazonaws.com/"
      And the role's ARN names its service

  @RDS-INT-03 @must @api
  Rule: Whoever creates the role supplies neither its trust nor its permissions

    Scenario: Naming the service is enough
      When the service-linked role is created
      Then the role has a trust policy
      And the role has a permissions policy

  @RDS-INT-04 @informative @manual
  Rule: The role includes all permissions that the service needs

    Not run (completeness): what RDS needs inside AWS is known to RDS alone; that its documented
    permissions are there is checked by RDS-PER-05 to RDS-PER-11.

  @RDS-INT-05 @must @api
  Rule: Only a service may assume the role

    Scenario: One principal is trusted, and it is a service
      When the service-linked role is created
      Then the role trusts 1 principal, a service

  @RDS-INT-06 @must @api
  Rule: Nobody in the account can assume the role

    Scenario: The account asks for the role's credentials
      Given the service-linked role
      When the account tries to assume the role
      Then it is refused because the role trusts only its service
      And the role is unchanged
      But an ordinary role that trusts the account can be assumed

  @RDS-INT-07 @must @api
  Rule: The definition of the role includes a trust policy

    Scenario: Somebody is allowed to assume the role
      When the service-linked role is created
      Then the role has a trust policy

  @RDS-INT-08 @must @api
  Rule: The definition of the role includes a permissions policy

    Scenario: The role comes with exactly one managed policy
      When the service-linked role is created
      Then the role has a permissions policy

  @RDS-INT-09 @must @api
  Rule: The permissions policy cannot be attached to another role

    Scenario: Giving the policy to an ordinary role
      Given the service-linked role
      And another role
      When the role's permissions policy is attached to it
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @RDS-INT-10 @must @api
  Rule: The permissions policy cannot be attached to a user

    Scenario: Giving the policy to a user
      Given the service-linked role
      And an ordinary user
      When the role's permissions policy is attached to the user
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @RDS-INT-11 @must @api
  Rule: The permissions policy cannot be attached to a group

    Scenario: Giving the policy to a group
      Given the service-linked role
      And an ordinary group
      When the role's permissions policy is attached to the group
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @RDS-INT-12 @must @api @creates-instance
  Rule: The role can be deleted only after the resources that rely on it

    Scenario: The resource goes first, then the role
      Given a DB instance
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      But once no DB instance is left, the deletion succeeds
