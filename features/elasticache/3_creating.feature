Feature: How the role is created by hand
  Whoever does not wait for the first cache cluster creates the role with IAM: in the console, with the AWS CLI or
  through the API.

  @ELC-CRE-01 @must @api
  Rule: The role can be created through the IAM API, by naming the service

    Scenario: The call for service-linked roles creates it
      Given no service-linked role
      When the service-linked role is created by hand
      Then it is accepted
      And the service-linked role exists

  @ELC-CRE-02 @informative @manual
  Rule: The role can be created in the console

    Not run (console step): the console is for people, and has no API of its own.

  @ELC-CRE-03 @informative @manual
  Rule: The role can be created with the AWS CLI

    Not run (command line): the AWS CLI makes the API call that ELC-CRE-01 checks.

  @ELC-CRE-04 @must @api
  Rule: The new role has a trust policy
    The page speaks of inline policies beside it; the role has a managed one, see ELC-PER-11.

    Scenario: Somebody is allowed to assume the role
      When the service-linked role is created
      Then the role has a trust policy

  @ELC-CRE-05 @must @api
  Rule: The new role has no tags
    The page says that such roles do not support tags. None can be given when the role is created; that tags can be put
    on afterwards is AWS's answer, see ELC-COM-04.

    Scenario: Creating the role
      When the service-linked role is created
      Then the role has no tag
