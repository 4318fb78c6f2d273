@companion
Feature: What AWS is known for and the page implies
  No sentence of the page states these. Emulators and scripts meet them as soon as they keep the page's rules.

  @RDS-COM-01 @must @api
  Rule: There is only one such role in an account

    Scenario: Creating the role a second time
      Given the service-linked role
      When the service-linked role is created again
      Then it is refused because the role is there already
      And the role is unchanged

  @RDS-COM-02 @must @api
  Rule: The role's name takes no suffix

    Scenario: Asking for a suffix
      Given no service-linked role
      When the service-linked role is created with a suffix
      Then it is refused because a suffix is not allowed
      And no service-linked role exists
      But the same role can be created without a suffix

  @RDS-COM-03 @must @api
  Rule: Only services that AWS knows have a service-linked role

    Scenario: Naming a service that there is not
      When a service-linked role is created for "slrspec-no-such-service.amazonaws.com"
      Then it is refused because no such service has a role
      And no role exists for "slrspec-no-such-service.amazonaws.com"
      But the same role can be created without a suffix

  @RDS-COM-04 @must @api
  Rule: The path of service-linked roles is closed to ordinary ones

    Scenario: Creating an ordinary role on the reserved path
      Given no service-linked role
      When an ordinary role is created below the reserved path
      Then it is refused because the path is reserved
      And no service-linked role exists
      But an ordinary role can be created elsewhere

  @RDS-COM-05 @must @api
  Rule: The call that deletes service-linked roles deletes no others

    Scenario: Naming an ordinary role
      Given the service-linked role
      And an ordinary role
      When the ordinary role's deletion is requested as if it were service-linked
      Then it is refused because it is no service's role
      And the ordinary role is unchanged
      But a service-linked role can be deleted by the same call

  @RDS-COM-06 @must @api @creates-instance
  Rule: Asking again for a deletion that is under way gives the same task
    Whether a task is still under way when the second request comes is up to the provider; AWS takes seconds.

    Scenario: Two requests at once
      Given the service-linked role
      When the role's deletion is requested twice without waiting
      Then both requests are answered with the same task

  @RDS-COM-07 @must @api
  Rule: Only tasks that were requested have a state

    Scenario: Asking for a task that nobody requested
      Given the service-linked role
      When the state of a task that nobody requested is asked for
      Then it is refused because nobody knows the task
      And the role is unchanged
      But the state of a requested task can be read

  @RDS-COM-08 @must @api
  Rule: Ids that are no task's are refused as such

    Scenario: Asking by a word
      Given the service-linked role
      When the state of the task "zzz" is asked for
      Then it is refused because it is no task id
      And the role is unchanged
      But the state of a requested task can be read

  @RDS-COM-09 @may @api
  Rule: The role can be tagged

    Scenario: Putting a tag on the role
      Given the service-linked role
      When the role is tagged
      Then it is accepted
      And the role has the tag "team"

    Scenario: Taking a tag off the role
      Given the service-linked role
      When the role is tagged
      And the tag is taken off again
      Then it is accepted
      And the role has no tag

  @RDS-COM-10 @must @api
  Rule: A new role has no tags

    Scenario: Creating the role
      When the service-linked role is created
      Then the role has no tag

  @RDS-COM-11 @must @api @creates-instance
  Rule: Deletion protection keeps a DB instance

    Scenario: Deleting a protected DB instance
      Given a DB instance protected against deletion
      When the DB instance is deleted without a final snapshot
      Then it is refused because the DB instance is protected
      And the DB instance exists
      But it can be deleted once the protection is off

  @RDS-COM-12 @must @api @creates-instance
  Rule: A DB instance that does not exist cannot be deleted

    Scenario: Deleting by an identifier that nobody has
      When a DB instance that does not exist is deleted
      Then it is refused because there is no such DB instance
      But a DB instance that exists can be deleted
