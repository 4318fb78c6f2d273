@each-service
Feature: How the role goes
  A role that its service does not use can be deleted, by the call that is made for such roles and by no other.

  @SLR-DEL-01 @must @api
  Rule: An unused role can be deleted

    Scenario: Deleting <service>'s role
      Given the service-linked role
      When the role's deletion is requested
      Then the request is accepted
      And the deletion succeeds

    @each-service-with-suffix @disposable
    Scenario: Deleting a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the role's deletion is requested
      Then the request is accepted
      And the deletion succeeds

  @SLR-DEL-02 @must @api
  Rule: The task of a deletion names service and role

    Scenario: The task that deletes <service>'s role
      Given the service-linked role
      When the role's deletion is requested
      Then the task's id has the documented form

    @each-service-with-suffix @disposable
    Scenario: The task that deletes a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the role's deletion is requested
      Then the task's id has the documented form

  @SLR-DEL-03 @must @api
  Rule: The role cannot be deleted like an ordinary one

    Scenario: Deleting <service>'s role with the call for ordinary roles
      Given the service-linked role
      When the administrator tries to delete the role like an ordinary one
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

    @each-service-with-suffix @disposable
    Scenario: Deleting a role of <service> with a suffix with the call for ordinary roles
      Given a service-linked role with a suffix of its own
      When the administrator tries to delete the role like an ordinary one
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit
