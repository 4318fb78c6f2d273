Feature: What the role may do, and who may create or delete it
  The role has a fixed name and the permissions that the page prints. Those are 22, and no version of the policy that
  anybody recorded has them all: version 3, in force on the day of this edition, had 17 of them. So the rules from
  ELC-PER-06 to ELC-PER-09 are the page's word, which AWS's own policy contradicts.

  @ELC-PER-01 @must @api
  Rule: The role is called AWSServiceRoleForElastiCache

    Scenario: The role is created, and found under its name
      When the service-linked role is created
      Then the role's name is "AWSServiceRoleForElastiCache"

  @ELC-PER-02 @informative @manual
  Rule: With the role ElastiCache manages what a cache needs elsewhere in AWS

    Not run (inside AWS): only ElastiCache itself uses the role, and no API call of the account makes it do so.

  @ELC-PER-03 @must @api
  Rule: The role may manage the network of cache clusters in EC2

    Scenario: Every EC2 action that the page prints without a resource is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                              | resource |
        | ec2:AuthorizeSecurityGroupIngress   | *        |
        | ec2:CreateNetworkInterface          | *        |
        | ec2:CreateSecurityGroup             | *        |
        | ec2:DeleteNetworkInterface          | *        |
        | ec2:DeleteSecurityGroup             | *        |
        | ec2:DescribeAvailabilityZones       | *        |
        | ec2:DescribeNetworkInterfaces       | *        |
        | ec2:DescribeSecurityGroups          | *        |
        | ec2:DescribeSubnets                 | *        |
        | ec2:DescribeVpcs                    | *        |
        | ec2:ModifyNetworkInterfaceAttribute | *        |
        | ec2:RevokeSecurityGroupIngress      | *        |

  @ELC-PER-04 @must @api
  Rule: The role may publish metrics

    Scenario: Publishing metrics is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                   | resource |
        | cloudwatch:PutMetricData | *        |

  @ELC-PER-05 @must @api
  Rule: The role may look at Outposts

    Scenario: Every Outposts action of the page is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                           | resource |
        | outposts:GetOutpost              | *        |
        | outposts:GetOutpostInstanceTypes | *        |
        | outposts:ListOutposts            | *        |
        | outposts:ListSites               | *        |

  @ELC-PER-06 @must @api
  Rule: The role may end the delivery of logs

    Scenario: Ending a delivery is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                 | resource |
        | logs:DeleteLogDelivery | *        |

  @ELC-PER-07 @must @api
  Rule: The role may take caches out of automatic scaling

    Scenario: Every scaling action of the page is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                                          | resource |
        | application-autoscaling:DeregisterScalableTarget | *        |
        | application-autoscaling:DescribeScalableTargets  | *        |

  @ELC-PER-08 @must @api
  Rule: The role may give IPv6 addresses to network interfaces

    Scenario: Both IPv6 actions of the page are granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                    | resource                                |
        | ec2:AssignIpv6Addresses   | arn:aws:ec2:*:*:network-interface/eni-* |
        | ec2:UnassignIpv6Addresses | arn:aws:ec2:*:*:network-interface/eni-* |

  @ELC-PER-09 @must @api
  Rule: The role has no permission beyond those of the page
    The rules ELC-PER-03 to ELC-PER-08 name 12 + 1 + 4 + 1 + 2 + 2 of them.

    Scenario: There are as many grants as the page prints
      When the service-linked role is created
      Then the permissions policy has 22 grants in all

  @ELC-PER-10 @must @api
  Rule: The permissions policy only allows, in the policy language of 2012-10-17

    Scenario: Version and effects
      When the service-linked role is created
      Then every statement of the permissions policy is an allowance in the current policy language

  @ELC-PER-11 @must @api
  Rule: The permissions policy is called ElastiCacheServiceRolePolicy

    Scenario: The role's one policy has that name
      When the service-linked role is created
      Then the role's only managed policy is "ElastiCacheServiceRolePolicy"

  @ELC-PER-12 @must @api @needs-iam-enforcement
  Rule: Creating the role takes a permission

    Scenario: Someone without it tries to create the role
      Given no service-linked role
      And someone who may do anything but create service-linked roles
      When they try to create the service-linked role
      Then it is refused because the permission is missing
      And no service-linked role exists
      But someone who may do anything can create the service-linked role

  @ELC-PER-13 @must @api @needs-iam-enforcement
  Rule: The sample statement for creating is enough to create the role

    Scenario: Someone who has nothing else
      Given no service-linked role
      And someone with only the page's sample statement
      When they try to create the service-linked role
      Then it is accepted
      And the service-linked role exists

  @ELC-PER-14 @must @api @needs-iam-enforcement
  Rule: The condition of the sample statement confines it to ElastiCache

    Scenario: The same statement does not serve another service
      Given no service-linked role of another service
      And someone with only the page's sample statement, made out for any role
      When they try to create the service-linked role of another service
      Then it is refused because the permission is missing
      And no role exists for "rds.amazonaws.com"
      But they can create the service-linked role

  @ELC-PER-15 @must @api @needs-iam-enforcement
  Rule: The resource of the sample statement confines it to the one role

    Scenario: The same statement, written for another role, does not serve this one
      Given no service-linked role
      And someone with only the page's sample statement, made out for another role
      When they try to create the service-linked role
      Then it is refused because the permission is missing
      And no service-linked role exists
      But someone with only the page's sample statement can create the service-linked role

  @ELC-PER-16 @must @api @needs-iam-enforcement
  Rule: Deleting the role takes a permission

    Scenario: Someone without it tries to delete the role
      Given the service-linked role
      And someone who may do anything but delete service-linked roles
      When they try to delete the role
      Then it is refused because the permission is missing
      And the role is unchanged
      But someone who may do anything can delete the role

  @ELC-PER-17 @must @api @needs-iam-enforcement
  Rule: The sample statement for deleting is enough to delete the role
    The statement has the same condition as the one for creating. IAM's list of condition keys names that key for the
    call that creates such roles only, and nobody has recorded what AWS answers here: the rule is the page's word.

    Scenario: Someone who may delete the role and nothing else
      Given the service-linked role
      And someone with only the page's sample statement for deleting
      When they try to delete the role
      Then it is accepted
