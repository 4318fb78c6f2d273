Feature: What the service-linked role is
  ElastiCache brings an IAM role of its own into an account. Nobody else may use it, and nobody can give its
  permissions to somebody else.

  @ELC-DEF-01 @must @api
  Rule: ElastiCache has an IAM role of the service-linked kind

    Scenario: The role lies where only service-linked roles can be
      When the service-linked role is created
      Then the role's path is reserved for service-linked roles

  @ELC-DEF-02 @must @api
  Rule: The role is tied to ElastiCache

    Scenario: Path and ARN name the service
      When the service-linked role is created
      Then the role's path is "/aws-service-role/elasticache.amazonaws.com/"
      And the role's ARN names its service

  @ELC-DEF-03 @must @api
  Rule: Whoever creates the role supplies neither its trust nor its permissions

    Scenario: Naming the service is enough
      When the service-linked role is created
      Then the role has a trust policy
      And the role has a permissions policy

  @ELC-DEF-04 @informative @manual
  Rule: The role includes all permissions that the service needs

    Not run (completeness): what ElastiCache needs inside AWS is known to ElastiCache alone; that its documented
    permissions are there is checked by ELC-PER-03 to ELC-PER-09.

  @ELC-DEF-05 @must @api @creates-cluster
  Rule: An account that has a cache cluster has the role
    The page takes the role for there already. How it came is told by the same guide's page on identity-based policies:
    with the permission to create it, creating a cluster creates the role.

    Scenario: The first cache cluster brings the role
      Given no service-linked role
      When a cache cluster is created
      Then it is accepted
      And the cache cluster exists
      And the service-linked role exists

  @ELC-DEF-06 @must @api
  Rule: The role trusts ElastiCache and nobody else

    Scenario: ElastiCache is trusted alone, whatever the circumstances
      When the service-linked role is created
      Then the role trusts only "elasticache.amazonaws.com", without condition

  @ELC-DEF-07 @must @api
  Rule: Nobody in the account can assume the role

    Scenario: The account asks for the role's credentials
      Given the service-linked role
      When the account tries to assume the role
      Then it is refused because the role trusts only its service
      And the role is unchanged
      But an ordinary role that trusts the account can be assumed

  @ELC-DEF-08 @must @api
  Rule: The role has permissions from the start

    Scenario: The role comes with exactly one managed policy
      When the service-linked role is created
      Then the role has a permissions policy

  @ELC-DEF-09 @must @api
  Rule: The permissions policy is for no other role

    Scenario: Giving the policy to an ordinary role
      Given the service-linked role
      And another role
      When the role's permissions policy is attached to it
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @ELC-DEF-10 @must @api
  Rule: The permissions policy is for no user

    Scenario: Giving the policy to a user
      Given the service-linked role
      And an ordinary user
      When the role's permissions policy is attached to the user
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @ELC-DEF-11 @must @api
  Rule: The permissions policy is for no group

    Scenario: Giving the policy to a group
      Given the service-linked role
      And an ordinary group
      When the role's permissions policy is attached to the group
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @ELC-DEF-12 @must @api @creates-cluster
  Rule: The role can be deleted only after the resources that rely on it

    Scenario: The cache cluster goes first, then the role
      Given a cache cluster
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      But once nothing of ElastiCache is left, the deletion succeeds
