Feature: What may be edited
  The role belongs to RDS. Its owner may reword the description, and nothing else.

  @RDS-EDT-01 @must @api
  Rule: No inline policy can be added

    Scenario: Adding an inline policy
      Given the service-linked role
      When the administrator tries to add an inline policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-EDT-02 @must @api
  Rule: No inline policy can be removed
    AWS refuses even where there is none to remove.

    Scenario: Removing an inline policy
      Given the service-linked role
      When the administrator tries to remove an inline policy from the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-EDT-03 @must @api
  Rule: No managed policy can be attached

    Scenario: Attaching a managed policy
      Given the service-linked role
      When the administrator tries to attach a managed policy to the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-EDT-04 @must @api
  Rule: The role's own policy cannot be detached

    Scenario: Detaching the managed policy
      Given the service-linked role
      When the administrator tries to detach the managed policy from the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-EDT-05 @must @api
  Rule: The trust policy cannot be changed

    Scenario: Replacing the trust policy
      Given the service-linked role
      When the administrator tries to replace the trust policy of the role
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-EDT-06 @must @api
  Rule: No permissions boundary can be set or removed

    Scenario Outline: A permissions boundary: <what>
      Given the service-linked role
      When the administrator tries to <edit>
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

      Examples:
        | what                | edit                                        |
        | setting it          | set a permissions boundary on the role      |
        | removing it         | remove the permissions boundary of the role |

  @RDS-EDT-07 @must @api
  Rule: The length of sessions cannot be changed

    Scenario: Lengthening the sessions
      Given the service-linked role
      When the administrator tries to lengthen the sessions of the role
      Then it is refused because its session duration is fixed
      And the role is unchanged
      But an ordinary role takes the same edit

  @RDS-EDT-08 @must @api
  Rule: The role cannot be handed to instances through an instance profile
    The page says that the role cannot be edited; that this is an edit too, AWS's own answer tells.

    Scenario Outline: An instance profile: <what>
      Given the service-linked role
      When the administrator tries to <edit>
      Then it is refused because the role is protected
      And the role is unchanged
      But an ordinary role takes the same edit

      Examples:
        | what                | edit                                     |
        | putting the role in | put the role into an instance profile    |
        | taking the role out | take the role out of an instance profile |

  @RDS-EDT-09 @must @api
  Rule: The name of the role cannot be changed
    IAM has no call that renames a role, so all that can be seen is that name and id outlast the allowed edit.

    Scenario: Name and id outlast an edit of the description
      Given the service-linked role
      When the role's description is changed to "looked after by the data team"
      Then it is accepted
      And the role's name is the same
      And the role's id is the same

  @RDS-EDT-10 @must @api
  Rule: The description can be edited

    Scenario: Changing the description
      Given the service-linked role
      When the role's description is changed to "looked after by the data team"
      Then it is accepted
      And the role's description is "looked after by the data team"

  @RDS-EDT-11 @may @api
  Rule: The description can be edited by the call for descriptions, too

    Scenario: Changing nothing but the description
      Given the service-linked role
      When the role's description is changed to "looked after by nobody" by the call for descriptions
      Then it is accepted
      And the role's description is "looked after by nobody"
