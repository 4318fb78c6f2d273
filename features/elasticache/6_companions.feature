@companion
Feature: What AWS is known for and the page implies
  No sentence of the page states these. Emulators and scripts meet them as soon as they keep the page's rules.

  @ELC-COM-01 @must @api
  Rule: There is only one such role in an account

    Scenario: Creating the role a second time
      Given the service-linked role
      When the service-linked role is created again
      Then it is refused because the role is there already
      And the role is unchanged

  @ELC-COM-02 @must @api
  Rule: The role's name takes no suffix

    Scenario: Asking for a suffix
      Given no service-linked role
      When the service-linked role is created with a suffix
      Then it is refused because a suffix is not allowed
      And no service-linked role exists
      But the same role can be created without a suffix

  @ELC-COM-03 @must @api
  Rule: The role cannot be deleted like an ordinary one

    Scenario: Deleting it with the call for ordinary roles
      Given the service-linked role
      When the administrator tries to delete the role like an ordinary one
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-COM-04 @may @api
  Rule: The role can be tagged once it is there

    Scenario: Putting a tag on the role
      Given the service-linked role
      When the role is tagged
      Then it is accepted
      And the role has the tag "team"

  @ELC-COM-05 @must @api @creates-cluster @needs-iam-enforcement
  Rule: Without the permission to create the role, the first cache cluster cannot be created
    The guide's page on identity-based policies asks for the role or for the permission. The error was seen for subnet
    groups and parameter groups (aws-controllers-k8s/community issue 367); for clusters it is inferred.

    Scenario: Someone creates the first cache cluster without it
      Given no service-linked role
      And someone who may do anything but create service-linked roles
      When they try to create a cache cluster
      Then it is refused because the role is not there for them
      And no cache cluster exists
      And no service-linked role exists
      But someone who may do anything can create a cache cluster
