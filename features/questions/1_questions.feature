Feature: What nobody has recorded yet
  Questions about AWS to which no document and no recording has the answer. The scenarios ask, and write down what is
  answered. Nothing of it is judged: a question is neither kept nor broken.

  @RDS-ASK-01 @records @api @creates-instance
  Rule: What does a failed deletion tell about the resources that keep the role

    Scenario: A DB instance keeps the role
      Given a DB instance
      And the service-linked role
      When the role's deletion is requested
      Then what the deletion has told is recorded

  @RDS-ASK-02 @records @manual
  Rule: Which resources besides DB instances keep the role

    Not run (cannot be undone yet): nothing takes away subnet groups, snapshots or proxies after a run was killed.

  @RDS-ASK-03 @records @api
  Rule: With which words is the account refused that tries to assume the role

    Scenario: The account's administrator tries
      Given the service-linked role
      When the account tries to assume the role
      Then the answer is recorded

  @RDS-ASK-04 @records @api
  Rule: With which words is the role's permissions policy kept from others

    Scenario: It is attached to a group
      Given the service-linked role
      And an ordinary group
      When the role's permissions policy is attached to the group
      Then the answer is recorded

    Scenario: It is set as a boundary
      Given the service-linked role
      And an ordinary role
      When the role's permissions policy is set as the boundary of the ordinary role
      Then the answer is recorded

  @RDS-ASK-05 @records @api
  Rule: Which HTTP status has the refusal of a service that has no such role

    Scenario: Naming a service that there is not
      When a service-linked role is created for "slrspec-no-such-service.amazonaws.com"
      Then the answer is recorded

  @RDS-ASK-06 @records @api @creates-instance @needs-iam-enforcement
  Rule: Does creating a DB instance take the permission for the role once the role exists

    Scenario: Someone without it, where the role is there
      Given the service-linked role
      And someone who may do anything but create service-linked roles
      When they try to create a DB instance
      Then the answer is recorded

  @RDS-ASK-07 @records @api
  Rule: Do simulation and access advisor know a service-linked role

    Scenario: What the role may do is simulated
      Given the service-linked role
      When it is simulated what the role may do
      Then the answer is recorded

    Scenario: Its recent activity is asked for
      Given the service-linked role
      When the role's recent activity is asked for
      Then what the report has told is recorded

  @RDS-ASK-08 @records @api @creates-instance
  Rule: With which words does a DB instance refuse to be deleted

    Scenario: With two choices that exclude each other
      Given a DB instance
      When the DB instance is deleted both without a final snapshot and with a name for it
      Then the answer is recorded

    Scenario: While it is being created
      When a DB instance is deleted while it is being created
      Then the answer is recorded

  @RDS-ASK-09 @records @manual
  Rule: What are the roles of the beta and the preview called

    Not run (unknown service): nobody knows the names of the services, and no wrong guess would tell anything.

  @RDS-ASK-10 @records @manual
  Rule: Does a parameter group or an option group bring the role

    Not run (cannot be undone yet): nothing takes such groups away after a run was killed.

  @RDS-ASK-11 @records @api
  Rule: What becomes of a description that comes together with a session length

    Scenario: Both in one call
      Given the service-linked role
      When the role's description and the length of its sessions are changed at once
      Then the answer is recorded
      And the role as it is now is recorded

  @RDS-ASK-12 @records @api
  Rule: With which words is the deletion of a role refused that there is not

    Scenario: Naming a role that there is not
      When the deletion of a role that there is not is requested
      Then the answer is recorded
