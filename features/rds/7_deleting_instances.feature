Feature: Deleting the DB instances, and then the role
  Every DB instance is deleted by itself, with a decision about a last snapshot. Then the role can go.

  @RDS-DEL-15 @must @api @creates-instance
  Rule: A DB instance can be deleted through the API

    Scenario: It is being deleted, and then it is gone
      Given a DB instance
      When the DB instance is deleted without a final snapshot
      Then it is accepted
      And the DB instance is gone

  @RDS-DEL-16 @must @cli @creates-instance @needs-command-line
  Rule: A DB instance can be deleted with the AWS CLI
    Commands delete; the API prepares, and looks what became of it.

    Scenario: A command deletes it, and then it is gone
      Given a DB instance
      When the DB instance is deleted without a final snapshot
      Then it is accepted
      And the DB instance is gone

  @RDS-DEL-17 @informative @manual
  Rule: A DB instance can be deleted in the console

    Not run (console step): the console is for people, and has no API of its own.

  @RDS-DEL-18 @must @api @creates-instance
  Rule: Whoever asks for a final snapshot gets one

    Scenario: Deleting with a final snapshot
      Given a DB instance
      When the DB instance is deleted with a final snapshot
      Then it is accepted
      And the DB instance is gone
      And its final snapshot exists

  @RDS-DEL-19 @must @api @creates-instance
  Rule: Whoever declines a final snapshot gets none

    Scenario: Deleting without a final snapshot
      Given a DB instance
      When the DB instance is deleted without a final snapshot
      Then it is accepted
      And the DB instance is gone
      And its final snapshot does not exist

  @RDS-DEL-20 @must @api @creates-instance
  Rule: There is no deletion without a decision about the final snapshot

    Scenario: Deciding nothing
      Given a DB instance
      When the DB instance is deleted without a decision about a final snapshot
      Then it is refused because the final snapshot was not decided
      And the DB instance exists
      But it can be deleted without a final snapshot

  @RDS-DEL-21 @must @api @creates-instance
  Rule: A final snapshot has a name, and a declined one has none

    Scenario: A final snapshot without a name
      Given a DB instance
      When the DB instance is deleted with a final snapshot that has no name
      Then it is refused because the final snapshot was not decided
      And the DB instance exists
      But it can be deleted without a final snapshot

    Scenario: A name for a snapshot that is declined
      Given a DB instance
      When the DB instance is deleted both without a final snapshot and with a name for it
      Then it is refused because the choices exclude each other
      And the DB instance exists
      But it can be deleted without a final snapshot

  @RDS-DEL-22 @must @api
  Rule: The role can be deleted through the IAM API

    Scenario: The call for service-linked roles deletes it
      Given the service-linked role
      When the role's deletion is requested
      Then the deletion succeeds

  @RDS-DEL-23 @must @api
  Rule: The role cannot be deleted like an ordinary one
    The page names the way that works; that the ordinary way does not is AWS's answer.

    Scenario: Deleting it with the call for ordinary roles
      Given the service-linked role
      When the administrator tries to delete the role like an ordinary one
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-DEL-24 @must @cli @creates-instance @needs-command-line
  Rule: Whoever asks for a final snapshot with the AWS CLI gets one

    Scenario: A command that asks for a final snapshot
      Given a DB instance
      When the DB instance is deleted with a final snapshot
      Then it is accepted
      And the DB instance is gone
      And its final snapshot exists

  @RDS-DEL-25 @must @cli @creates-instance @needs-command-line
  Rule: Whoever declines a final snapshot with the AWS CLI gets none

    Scenario: A command that declines a final snapshot
      Given a DB instance
      When the DB instance is deleted without a final snapshot
      Then it is accepted
      And the DB instance is gone
      And its final snapshot does not exist

  @RDS-DEL-26 @must @cli @creates-instance @needs-command-line
  Rule: The AWS CLI deletes nothing without a decision about the final snapshot

    Scenario: A command that decides nothing
      Given a DB instance
      When the DB instance is deleted without a decision about a final snapshot
      Then it is refused because the final snapshot was not decided
      And the DB instance exists
      But it can be deleted without a final snapshot

  @RDS-DEL-27 @must @cli @needs-command-line
  Rule: The role can be deleted with the AWS CLI

    Scenario: The command for service-linked roles deletes it
      Given the service-linked role
      When the role's deletion is requested
      Then the deletion succeeds

  @RDS-DEL-28 @must @cli @creates-instance @needs-command-line
  Rule: The role stays as long as any DB instance exists, for the AWS CLI too

    Scenario: A single DB instance keeps the role from a command
      Given a DB instance
      And the service-linked role
      When the role's deletion is requested
      Then the request is accepted
      And the deletion fails
      And the role is unchanged
      But once no DB instance is left, the deletion succeeds

  @RDS-DEL-29 @must @cli @needs-command-line
  Rule: The AWS CLI cannot delete the role like an ordinary one

    Scenario: Deleting it with the command for ordinary roles
      Given the service-linked role
      When the administrator tries to delete the role like an ordinary one
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit
