@each-service
Feature: What nobody may change
  The role is the service's. Whatever would give it other powers or other friends is refused, by the same error for
  every service; only what describes the role is the account's own.

  @SLR-PRO-01 @must @api
  Rule: Nobody can change whom the role trusts

    Scenario: Replacing the trust of <service>'s role
      Given the service-linked role
      When the administrator tries to replace the trust policy of the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

    @each-service-with-suffix @disposable
    Scenario: Replacing the trust of a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the administrator tries to replace the trust policy of the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @SLR-PRO-02 @must @api
  Rule: Nobody can give the role another managed policy

    Scenario: Attaching a policy to <service>'s role
      Given the service-linked role
      When the administrator tries to attach a managed policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

    @each-service-with-suffix @disposable
    Scenario: Attaching a policy to a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the administrator tries to attach a managed policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @SLR-PRO-03 @must @api
  Rule: Nobody can take its policy from the role

    Scenario: Detaching the policy of <service>'s role
      Given the service-linked role
      When the administrator tries to detach the managed policy from the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

    @each-service-with-suffix @disposable
    Scenario: Detaching the policy of a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the administrator tries to detach the managed policy from the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @SLR-PRO-04 @must @api
  Rule: Nobody can give the role an inline policy

    Scenario: An inline policy for <service>'s role
      Given the service-linked role
      When the administrator tries to add an inline policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

    @each-service-with-suffix @disposable
    Scenario: An inline policy for a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the administrator tries to add an inline policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @SLR-PRO-05 @must @api
  Rule: The role's policy is for no other role

    Scenario: Giving the policy of <service>'s role to an ordinary one
      Given the service-linked role
      And another role
      When the role's permissions policy is attached to it
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

    @each-service-with-suffix @disposable
    Scenario: Giving the policy of a role of <service> with a suffix to an ordinary one
      Given a service-linked role with a suffix of its own
      And another role
      When the role's permissions policy is attached to it
      Then it is refused because the policy is reserved
      And it has no managed policy
      But an ordinary policy can be attached to it

  @SLR-PRO-06 @must @api
  Rule: The description is the account's to change

    Scenario: Describing <service>'s role
      Given the service-linked role
      When the role's description is changed to "described by slrspec"
      Then it is accepted
      And the role's description is "described by slrspec"

    @each-service-with-suffix @disposable
    Scenario: Describing a role of <service> with a suffix
      Given a service-linked role with a suffix of its own
      When the role's description is changed to "described by slrspec"
      Then it is accepted
      And the role's description is "described by slrspec"
