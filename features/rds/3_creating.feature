Feature: How the role comes into being
  Nobody has to create the role. It is there as soon as a DB instance needs it, and it comes back in the same way.

  @RDS-CRE-01 @must @api @creates-instance
  Rule: Nobody needs to create the role by hand

    Scenario: A DB instance can be created while there is no role
      Given no service-linked role
      When a DB instance is created
      Then it is accepted
      And the DB instance exists

  @RDS-CRE-02 @must @api @creates-instance
  Rule: Creating a DB instance creates the role

    Scenario: The first DB instance brings the role
      Given no service-linked role
      When a DB instance is created
      Then the service-linked role exists

  @RDS-CRE-03 @must @api @creates-instance
  Rule: The role that RDS creates is the documented one

    Scenario: Name, trust and permissions of the role that came with a DB instance
      Given no service-linked role
      When a DB instance is created
      Then the service-linked role exists
      And the role's name is "AWSServiceRoleForRDS"
      And the role trusts only "rds.amazonaws.com", without condition
      And the role has a permissions policy
      And the permissions policy is the documented one

  @RDS-CRE-04 @informative @manual
  Rule: Accounts that used RDS before December 2017 were given the role

    Not run (history): it happened once, and no API tells how an account came by its role.

  @RDS-CRE-05 @must @api @creates-instance
  Rule: After a deletion the next DB instance creates the role again

    Scenario: The role comes back as a new one
      Given the service-linked role
      And the role has been deleted
      When a DB instance is created
      Then the service-linked role is back under a new id

  @RDS-CRE-06 @may @api
  Rule: After a deletion the role can also be created again by hand
    The page only speaks of DB instances; the IAM User Guide describes this way.

    Scenario: The call that creates service-linked roles works again
      Given the service-linked role
      And the role has been deleted
      When the service-linked role is created by hand
      Then it is accepted
      And the service-linked role is back under a new id
