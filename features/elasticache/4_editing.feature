Feature: What may be edited
  The role belongs to ElastiCache. Its owner may reword the description, and nothing else.

  @ELC-EDT-01 @must @api
  Rule: No inline policy can be added

    Scenario: Adding an inline policy
      Given the service-linked role
      When the administrator tries to add an inline policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-EDT-02 @must @api
  Rule: No inline policy can be removed

    Scenario: Removing an inline policy
      Given the service-linked role
      When the administrator tries to remove an inline policy from the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-EDT-03 @must @api
  Rule: No managed policy can be attached

    Scenario: Attaching a managed policy
      Given the service-linked role
      When the administrator tries to attach a managed policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-EDT-04 @must @api
  Rule: The role's own policy cannot be detached

    Scenario: Detaching the managed policy
      Given the service-linked role
      When the administrator tries to detach the managed policy from the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-EDT-05 @must @api
  Rule: The trust policy cannot be changed

    Scenario: Replacing the trust policy
      Given the service-linked role
      When the administrator tries to replace the trust policy of the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-EDT-06 @must @api
  Rule: No permissions boundary can be set or removed

    Scenario Outline: A permissions boundary: <what>
      Given the service-linked role
      When the administrator tries to <edit>
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

      Examples:
        | what        | edit                                        |
        | setting it  | set a permissions boundary on the role      |
        | removing it | remove the permissions boundary of the role |

  @ELC-EDT-07 @must @api
  Rule: The length of sessions cannot be changed

    Scenario: Lengthening the sessions
      Given the service-linked role
      When the administrator tries to lengthen the sessions of the role
      Then it is refused because its session duration is fixed
      And the role is unchanged
      But an ordinary role takes the same edit

  @ELC-EDT-08 @must @api
  Rule: The name of the role cannot be changed
    IAM has no call that renames a role, so all that can be seen is that name and id outlast the allowed edit.

    Scenario: Name and id outlast an edit of the description
      Given the service-linked role
      When the role's description is changed to "looked after by the cache team"
      Then it is accepted
      And the role's name is the same
      And the role's id is the same

  @ELC-EDT-09 @must @api
  Rule: The description can be edited through the IAM API

    Scenario: Changing nothing but the description
      Given the service-linked role
      When the role's description is changed to "looked after by nobody" by the call for descriptions
      Then it is accepted
      And the role's description is "looked after by nobody"

  @ELC-EDT-10 @may @api
  Rule: The description can be edited by the general call, too

    Scenario: Changing the description
      Given the service-linked role
      When the role's description is changed to "looked after by the cache team"
      Then it is accepted
      And the role's description is "looked after by the cache team"

  @ELC-EDT-11 @informative @manual
  Rule: The description can be edited in the console

    Not run (console step): the console is for people, and has no API of its own.

  @ELC-EDT-12 @informative @manual
  Rule: The description can be edited with the AWS CLI

    Not run (command line): the AWS CLI makes the API call that ELC-EDT-09 checks.
