@each-service
Feature: What each service's role is
  An account's owner names a service, and AWS makes the role: its name, its place, whom it trusts and what it may do
  are the service's, and the same in every account.

  @SLR-DEF-01 @must @api
  Rule: The role has the name that its service has chosen

    Scenario: The name of <service>'s role
      When the service-linked role is created
      Then the role has its recorded name

  @SLR-DEF-02 @must @api
  Rule: The role lies where only the roles of its service can be

    Scenario: The path of <service>'s role
      When the service-linked role is created
      Then the role's path names its service
      And the role's ARN names its service

    @each-service-with-suffix @disposable
    Scenario: The path of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the role's path names its service
      And the role's ARN names its service

  @SLR-DEF-03 @must @api
  Rule: The role trusts its service and nobody else

    Scenario: The trust of <service>'s role
      When the service-linked role is created
      Then the role trusts only its service, without condition

    @each-service-with-suffix @disposable
    Scenario: The trust of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the role trusts only its service, without condition

  @SLR-DEF-04 @must @api
  Rule: The role has exactly one managed policy, the one of its service

    Scenario: The policy of <service>'s role
      When the service-linked role is created
      Then the role's only managed policy is its recorded one

    @each-service-with-suffix @disposable
    Scenario: The policy of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the role's only managed policy is its recorded one

  @SLR-DEF-05 @must @api
  Rule: The role has no inline policy

    Scenario: Inline policies of <service>'s role
      When the service-linked role is created
      Then the role has no inline policy

    @each-service-with-suffix @disposable
    Scenario: Inline policies of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the role has no inline policy

  @SLR-DEF-06 @must @api
  Rule: Sessions of the role last one hour at most

    Scenario: Session duration of <service>'s role
      When the service-linked role is created
      Then the role's sessions last 3600 seconds at most

    @each-service-with-suffix @disposable
    Scenario: Session duration of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the role's sessions last 3600 seconds at most

  @SLR-DEF-07 @must @api
  Rule: A new role has no tags

    Scenario: Tags of <service>'s role
      When the service-linked role is created
      Then the role has no tag

    @each-service-with-suffix @disposable
    Scenario: Tags of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the role has no tag
