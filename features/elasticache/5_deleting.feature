Feature: Deleting the role
  An account's owner may remove the role once nothing of ElastiCache relies on it. ElastiCache never does so itself.

  @ELC-DEL-01 @must @api @creates-cluster
  Rule: The role stays as long as a cache cluster exists

    Scenario: A single cache cluster keeps the role
      Given a cache cluster
      And the service-linked role
      When the role's deletion is requested
      Then the request is accepted
      And the deletion fails
      And the role is unchanged
      And the cache cluster exists
      But once nothing of ElastiCache is left, the deletion succeeds

  @ELC-DEL-02 @must @api @creates-cluster
  Rule: The role stays as long as a replication group exists

    Scenario: A single replication group keeps the role
      Given a replication group
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      But once nothing of ElastiCache is left, the deletion succeeds

  @ELC-DEL-03 @must @api @creates-cluster
  Rule: All cache clusters have to be deleted, not just some

    Scenario: One of two cache clusters is left
      Given 2 cache clusters
      And the service-linked role
      And one of the cache clusters has been deleted
      When the role's deletion is requested
      Then the deletion fails
      And the role is unchanged
      But once nothing of ElastiCache is left, the deletion succeeds

  @ELC-DEL-04 @must @api
  Rule: With nothing of ElastiCache left the role can be deleted

    Scenario: Nothing relies on the role
      Given the service-linked role
      When the role's deletion is requested
      Then the request is accepted
      And the deletion succeeds

  @ELC-DEL-05 @must @api @creates-cluster
  Rule: ElastiCache does not delete the role

    Scenario: The last cache cluster goes, and the role stays
      Given a cache cluster
      And the service-linked role
      When the cache cluster is deleted
      Then it is accepted
      And the cache cluster is gone
      And the role is unchanged

  @ELC-DEL-06 @must @api @creates-cluster
  Rule: A cache cluster can be deleted through the API
    The page only points to how that is done.

    Scenario: It is being deleted, and then it is gone
      Given a cache cluster
      When the cache cluster is deleted
      Then it is accepted
      And the cache cluster is gone

  @ELC-DEL-07 @informative @manual
  Rule: The console shows the role and its Access Advisor tab

    Not run (console step): the console is for people, and has no API of its own.

  @ELC-DEL-08 @must @api
  Rule: Recent activity of the role can be reviewed

    Scenario: The report lists the services that the role may call
      Given the service-linked role
      When the role's recent activity is asked for
      Then the report lists the services that the permissions policy names

  @ELC-DEL-09 @must @api
  Rule: The role can be deleted through the IAM API

    Scenario: The call for service-linked roles deletes it
      Given the service-linked role
      When the role's deletion is requested
      Then the deletion succeeds

  @ELC-DEL-10 @informative @manual
  Rule: The role can be deleted in the console

    Not run (console step): the console is for people, and has no API of its own.

  @ELC-DEL-11 @informative @manual
  Rule: The role can be deleted with the AWS CLI

    Not run (command line): the AWS CLI makes the API calls that ELC-DEL-09 and ELC-DEL-13 check.

  @ELC-DEL-12 @must @api @creates-cluster
  Rule: The request is taken, and its task may still fail
    The page says in one place that the request can be denied, and in another that the task can fail. AWS takes the
    request.

    Scenario: The attempt is accepted while a cache cluster exists
      Given a cache cluster
      And the service-linked role
      When the role's deletion is requested
      Then the request is accepted

  @ELC-DEL-13 @must @api
  Rule: The request is answered with the id of a task
    The page is silent about the form of the id; the IAM API reference gives it.

    Scenario: The id can be read
      Given the service-linked role
      When the role's deletion is requested
      Then the task's id has the documented form

  @ELC-DEL-14 @must @api
  Rule: The state of a task is asked for by its id

    Scenario: Asking for a task that nobody requested
      Given the service-linked role
      When the state of a task that nobody requested is asked for
      Then it is refused because nobody knows the task
      And the role is unchanged
      But the state of a requested task can be read

  @ELC-DEL-15 @must @api @creates-cluster
  Rule: A failed deletion tells why

    Scenario: A cache cluster keeps the role
      Given a cache cluster
      And the service-linked role
      When the role's deletion is requested
      Then the deletion fails
      And the failure gives a reason
