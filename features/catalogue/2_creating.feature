Feature: How many such roles an account has
  Most services have one role in an account. A few let the account tell several apart by a suffix.

  @SLR-CRE-01 @must @api @each-service
  Rule: There is only one such role without suffix

    Scenario: Creating <service>'s role a second time
      Given the service-linked role
      When the service-linked role is created again
      Then it is refused because the role is there already
      And the role is unchanged

  @SLR-CRE-02 @must @api @each-service-without-suffix
  Rule: A service that takes no suffix refuses one

    Scenario: A suffix for <service>'s role
      Given no service-linked role
      When the service-linked role is created with a suffix
      Then it is refused because a suffix is not allowed
      And no service-linked role exists
      But the same role can be created without a suffix

  @SLR-CRE-03 @must @api @each-service-with-suffix
  Rule: A service that takes a suffix puts it behind the role's name

    Scenario: A second role of <service>
      Given the service-linked role
      When the service-linked role is created with a suffix
      Then it is accepted
      And a role of the same name and the suffix stands beside it

    @disposable
    Scenario: The name of a role of <service> with a suffix
      When a service-linked role is created with a suffix of its own
      Then the suffix stands behind the role's name
