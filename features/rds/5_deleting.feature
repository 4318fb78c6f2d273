Feature: Deleting the role
  An account's owner may remove the role, but never from under a database that relies on it.

  @RDS-DEL-01 @must @api @creates-instance
  Rule: The role stays as long as any DB instance exists

    Scenario: A single DB instance keeps the role
      Given a DB instance
      And the service-linked role
      When the role's deletion is requested
      Then the request is accepted
      And the deletion fails
      And the role is unchanged
      But once no DB instance is left, the deletion succeeds

  @RDS-DEL-02 @must @api @creates-instance @needs-second-region
  Rule: A DB instance keeps the role whatever its Region

    Scenario: The only DB instance is in a second Region
      Given a DB instance in a second Region
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      But once no DB instance is left, the deletion succeeds

  @RDS-DEL-03 @must @api
  Rule: With no DB instance left the role can be deleted

    Scenario: Nothing relies on the role
      Given the service-linked role
      When the role's deletion is requested
      Then the request is accepted
      And the deletion succeeds
