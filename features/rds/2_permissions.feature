Feature: What the role may do, and who may create it
  The role has a fixed name, trusts RDS alone, and has the permissions that the page prints. People need a
  permission of their own before a role of this kind can be created, edited or deleted.

  @RDS-PER-01 @must @api
  Rule: The role is called AWSServiceRoleForRDS

    Scenario: The role is created, and found under its name
      When the service-linked role is created
      Then the role's name is "AWSServiceRoleForRDS"

  @RDS-PER-02 @informative @manual
  Rule: With the role RDS calls other services on behalf of DB instances

    Not run (inside AWS): only RDS itself uses the role, and no API call of the account makes it do so.

  @RDS-PER-03 @must @api
  Rule: The role trusts RDS

    Scenario: RDS is among the trusted
      When the service-linked role is created
      Then the role trusts "rds.amazonaws.com"

  @RDS-PER-04 @must @api
  Rule: The role trusts nobody but RDS

    Scenario: RDS is trusted alone, whatever the circumstances
      When the service-linked role is created
      Then the role trusts only "rds.amazonaws.com", without condition

  @RDS-PER-05 @must @api @until-2020-10-09
  Rule: The role may manage the network of DB instances in EC2

    Scenario: Every EC2 action of the page is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                              | resource |
        | ec2:AuthorizeSecurityGroupIngress   | *        |
        | ec2:CreateNetworkInterface          | *        |
        | ec2:CreateSecurityGroup             | *        |
        | ec2:DeleteNetworkInterface          | *        |
        | ec2:DeleteSecurityGroup             | *        |
        | ec2:DescribeAvailabilityZones       | *        |
        | ec2:DescribeInternetGateways        | *        |
        | ec2:DescribeSecurityGroups          | *        |
        | ec2:DescribeSubnets                 | *        |
        | ec2:DescribeVpcAttribute            | *        |
        | ec2:DescribeVpcs                    | *        |
        | ec2:ModifyNetworkInterfaceAttribute | *        |
        | ec2:ModifyVpcEndpoint               | *        |
        | ec2:RevokeSecurityGroupIngress      | *        |
        | ec2:CreateVpcEndpoint               | *        |
        | ec2:DescribeVpcEndpoints            | *        |
        | ec2:DeleteVpcEndpoints              | *        |
        | ec2:AssignPrivateIpAddresses        | *        |
        | ec2:UnassignPrivateIpAddresses      | *        |

  @RDS-PER-06 @must @api @until-2020-10-09
  Rule: The role may publish notifications
    AWS took this permission away on 2024-07-01 (version 14 of the policy); the page still prints it.

    Scenario: Publishing is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action      | resource |
        | sns:Publish | *        |

  @RDS-PER-07 @must @api @until-2020-10-09
  Rule: The role may create the log groups of the three database services

    Scenario: Creating log groups is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action              | resource                                  |
        | logs:CreateLogGroup | arn:aws:logs:*:*:log-group:/aws/rds/*     |
        | logs:CreateLogGroup | arn:aws:logs:*:*:log-group:/aws/docdb/*   |
        | logs:CreateLogGroup | arn:aws:logs:*:*:log-group:/aws/neptune/* |

  @RDS-PER-08 @must @api @until-2020-10-09
  Rule: The role may write to the log streams of the three database services

    Scenario: Creating, filling and listing log streams is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                  | resource                                               |
        | logs:CreateLogStream    | arn:aws:logs:*:*:log-group:/aws/rds/*:log-stream:*     |
        | logs:PutLogEvents       | arn:aws:logs:*:*:log-group:/aws/rds/*:log-stream:*     |
        | logs:DescribeLogStreams | arn:aws:logs:*:*:log-group:/aws/rds/*:log-stream:*     |
        | logs:CreateLogStream    | arn:aws:logs:*:*:log-group:/aws/docdb/*:log-stream:*   |
        | logs:PutLogEvents       | arn:aws:logs:*:*:log-group:/aws/docdb/*:log-stream:*   |
        | logs:DescribeLogStreams | arn:aws:logs:*:*:log-group:/aws/docdb/*:log-stream:*   |
        | logs:CreateLogStream    | arn:aws:logs:*:*:log-group:/aws/neptune/*:log-stream:* |
        | logs:PutLogEvents       | arn:aws:logs:*:*:log-group:/aws/neptune/*:log-stream:* |
        | logs:DescribeLogStreams | arn:aws:logs:*:*:log-group:/aws/neptune/*:log-stream:* |

  @RDS-PER-09 @must @api @until-2020-10-09
  Rule: The role may run the Kinesis streams of database activity

    Scenario: Every Kinesis action of the page is granted
      When the service-linked role is created
      Then the permissions policy grants
        | action                   | resource                                 |
        | kinesis:CreateStream     | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:PutRecord        | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:PutRecords       | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:DescribeStream   | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:SplitShard       | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:MergeShards      | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:DeleteStream     | arn:aws:kinesis:*:*:stream/aws-rds-das-* |
        | kinesis:UpdateShardCount | arn:aws:kinesis:*:*:stream/aws-rds-das-* |

  @RDS-PER-10 @must @api @until-2020-10-09
  Rule: The permissions for logs and streams reach no further than the named resources

    Scenario: Log permissions are confined
      When the service-linked role is created
      Then every "logs" grant is on one of
        | resource                                               | what it is            |
        | arn:aws:logs:*:*:log-group:/aws/rds/*                  | groups of RDS         |
        | arn:aws:logs:*:*:log-group:/aws/docdb/*                | groups of DocumentDB  |
        | arn:aws:logs:*:*:log-group:/aws/neptune/*              | groups of Neptune     |
        | arn:aws:logs:*:*:log-group:/aws/rds/*:log-stream:*     | streams of RDS        |
        | arn:aws:logs:*:*:log-group:/aws/docdb/*:log-stream:*   | streams of DocumentDB |
        | arn:aws:logs:*:*:log-group:/aws/neptune/*:log-stream:* | streams of Neptune    |

    Scenario: Stream permissions are confined
      When the service-linked role is created
      Then every "kinesis" grant is on one of
        | resource                                 | what it is                   |
        | arn:aws:kinesis:*:*:stream/aws-rds-das-* | streams of database activity |

  @RDS-PER-11 @must @api @until-2020-10-09
  Rule: The role has no permission beyond those of the page
    The rules RDS-PER-05 to RDS-PER-09 name 19 + 1 + 3 + 9 + 8 of them. AWS has added 25 since 2020.

    Scenario: There are as many grants as the page prints
      When the service-linked role is created
      Then the permissions policy has 40 grants in all

  @RDS-PER-12 @must @api @until-2020-10-09
  Rule: The permissions policy only allows, in the policy language of 2012-10-17

    Scenario: Version and effects
      When the service-linked role is created
      Then every statement of the permissions policy is an allowance in the current policy language

  @RDS-PER-13 @must @api @needs-iam-enforcement
  Rule: Creating a service-linked role takes a permission

    Scenario: Someone without it tries to create the role
      Given no service-linked role
      And someone who may do anything but create service-linked roles
      When they try to create the service-linked role
      Then it is refused because the permission is missing
      And no service-linked role exists
      But someone who may do anything can create the service-linked role

  @RDS-PER-14 @must @api @needs-iam-enforcement
  Rule: Editing a service-linked role takes a permission

    Scenario: Someone without it tries to edit the description
      Given the service-linked role
      And someone who may do anything but edit roles
      When they try to edit the role's description
      Then it is refused because the permission is missing
      And the role is unchanged
      But someone who may do anything can edit the role's description

  @RDS-PER-15 @must @api @needs-iam-enforcement
  Rule: Deleting a service-linked role takes a permission

    Scenario: Someone without it tries to delete the role
      Given the service-linked role
      And someone who may do anything but delete service-linked roles
      When they try to delete the role
      Then it is refused because the permission is missing
      And the role is unchanged
      But someone who may do anything can delete the role

  @RDS-PER-16 @must @api @creates-instance @needs-iam-enforcement
  Rule: Without that permission the first DB instance cannot be created, and the error says why

    Scenario: Someone creates the first DB instance without it
      Given no service-linked role
      And someone who may do anything but create service-linked roles
      When they try to create a DB instance
      Then it is refused because the role cannot be created for them
      And no DB instance exists
      And no service-linked role exists
      But someone who may do anything can create a DB instance

  @RDS-PER-17 @informative @manual
  Rule: The same error may go away by waiting and trying again

    Not run (propagation): the race that it speaks of is between services of AWS, and cannot be caused on request.

  @RDS-PER-18 @must @api @needs-iam-enforcement
  Rule: The sample statement is enough to create the role

    Scenario: Someone who has nothing else
      Given no service-linked role
      And someone with only the page's sample statement
      When they try to create the service-linked role
      Then it is accepted
      And the service-linked role exists

  @RDS-PER-19 @must @api @needs-iam-enforcement
  Rule: The condition of the sample statement confines it to RDS

    Scenario: The same statement does not serve another service
      Given no service-linked role of another service
      And someone with only the page's sample statement, made out for any role
      When they try to create the service-linked role of another service
      Then it is refused because the permission is missing
      And no role exists for "elasticache.amazonaws.com"
      But they can create the service-linked role

  @RDS-PER-20 @must @api @needs-iam-enforcement
  Rule: The resource of the sample statement confines it to the one role

    Scenario: The same statement, written for another role, does not serve this one
      Given no service-linked role
      And someone with only the page's sample statement, made out for another role
      When they try to create the service-linked role
      Then it is refused because the permission is missing
      And no service-linked role exists
      But someone with only the page's sample statement can create the service-linked role

  @RDS-PER-21 @must @api @from-2023-04-21
  Rule: The role's permissions policy is AWS's managed policy for RDS
    From this edition on the page names the policy in place of printing it.

    Scenario: The policy has the name that the page gives
      When the service-linked role is created
      Then the role's only managed policy is "AmazonRDSServiceRolePolicy"
