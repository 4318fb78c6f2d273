Feature: Before the role is deleted
  Whoever wants the role gone first makes sure that nothing uses it, or simply tries and is told.

  @RDS-DEL-04 @informative @manual
  Rule: The owner confirms that the role has no active session

    Not run (instruction): no API lists the sessions of a role; how recent its activity is, RDS-DEL-07 checks.

  @RDS-DEL-05 @informative @manual
  Rule: The owner removes the resources that the role is used for

    Not run (instruction): it tells people what to do; what happens if they don't, RDS-DEL-01 checks.

  @RDS-DEL-06 @informative @manual
  Rule: The console shows the role and its Access Advisor tab

    Not run (console step): the console is for people, and has no API of its own.

  @RDS-DEL-07 @must @api
  Rule: Recent activity of the role can be reviewed

    Scenario: The report lists the services that the role may call
      Given the service-linked role
      When the role's recent activity is asked for
      Then the report lists the services that the permissions policy names

  @RDS-DEL-08 @may @api @creates-instance
  Rule: Whoever is unsure may simply try to delete the role

    Scenario: The attempt is accepted while a DB instance exists
      Given a DB instance
      And the service-linked role
      When the role's deletion is requested
      Then the request is accepted

  @RDS-DEL-09 @must @api
  Rule: The attempt is answered with a task whose id names service and role
    The page is silent about the id; the IAM API reference gives its form.

    Scenario: The id can be read
      Given the service-linked role
      When the role's deletion is requested
      Then the task's id has the documented form

  @RDS-DEL-10 @must @api @creates-instance
  Rule: If RDS uses the role, the attempt fails

    Scenario: Trying does no harm
      Given a DB instance
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      And the DB instance exists
      But once no DB instance is left, the deletion succeeds

  @RDS-DEL-11 @may @api @creates-instance @needs-second-region
  Rule: The failure tells in which Regions the role is used
    A service may list all of the resources in use, or some; the Regions are what the page promises.

    Scenario: DB instances in two Regions
      Given a DB instance
      And a DB instance in a second Region
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the failure names the Region of each DB instance

  @RDS-DEL-12 @informative @manual
  Rule: A role in use can be deleted once the session has ended

    Not run (inside AWS): only RDS can hold a session of the role, and no call of the account begins or ends it.

  @RDS-DEL-13 @must @api
  Rule: Sessions of the role cannot be revoked

    Scenario: Adding the policy by which IAM revokes sessions
      Given the service-linked role
      When the administrator tries to revoke the sessions of the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-DEL-14 @must @api @creates-instance
  Rule: All DB instances have to be deleted, not just some

    Scenario: One of two DB instances is left
      Given 2 DB instances
      And the service-linked role
      And one of them has been deleted
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      And the DB instance exists
      But once no DB instance is left, the deletion succeeds
