# What each role may do. https://docs.aws.amazon.com/service-authorization/latest/reference/
locals {
  # AWS has this call on "*" alone
  log_in = { Sid = "LogIn", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }

  # What the stack aws holds: what a refresh asks for, and what an apply needs besides, by the provider's own log.
  stack = {
    Tables = {
      resources = local.arn.tables
      read = [
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
      ]
      change = [
        "dynamodb:CreateTable",
        "dynamodb:DeleteTable",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
      ]
    }
    Queues = {
      resources = concat(local.arn.queues, local.arn.dead_letters)
      read      = ["sqs:GetQueueAttributes", "sqs:ListQueueTags"]
      change    = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]
    }
    Alarms = {
      resources = local.arn.alarms
      read      = ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"]
      change = [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
      ]
    }
    Repositories = {
      resources = local.arn.repositories
      read      = ["ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource"]
      change = [
        "ecr:CreateRepository",
        "ecr:DeleteLifecyclePolicy",
        "ecr:DeleteRepository",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy",
        "ecr:TagResource",
        "ecr:UntagResource",
      ]
    }
    Users = {
      resources = local.arn.users
      read      = ["iam:GetUser", "iam:GetUserPolicy"]
      # neither keys nor passwords
      change = ["iam:DeleteUser", "iam:DeleteUserPolicy", "iam:ListGroupsForUser", "iam:TagUser", "iam:UntagUser"]
    }
    Settings = {
      resources = local.arn.settings
      read      = ["ssm:GetParameter", "ssm:ListTagsForResource"]
      change    = ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"]
    }
  }
  secret_actions = concat(local.stack.Settings.read, local.stack.Settings.change)

  find_state = { Sid = "FindState", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arn.bucket] }

  # AWS has this call on "*" alone, and it shows no value
  find_parameters = { Sid = "FindParameters", Effect = "Allow", Action = ["ssm:DescribeParameters"], Resource = ["*"] }

  # A refresh of a table looks up DynamoDB's own key, by its alias; the right shows metadata and decrypts nothing.
  find_key = {
    Sid       = "FindTableKey"
    Effect    = "Allow"
    Action    = ["kms:DescribeKey"]
    Resource  = ["arn:${local.partition}:kms:${local.here}:key/*"]
    Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/aws/dynamodb" } }
  }

  # Pull requests get this role, so it cannot write: neither a state nor a lock. Plan with -lock=false.
  plan_statements = concat(
    [
      local.find_state,
      { Sid = "ReadStates", Effect = "Allow", Action = ["s3:GetObject"], Resource = values(local.states) },
    ],
    [for name, part in local.stack : {
      Sid      = "Read${name}"
      Effect   = "Allow"
      Action   = part.read
      Resource = part.resources
    }],
    [
      local.find_parameters,
      local.find_key,
      { Sid = "ReadStateBucket", Effect = "Allow", Action = local.bucket_reads, Resource = [local.arn.bucket] },
      {
        Sid    = "ReadRoles"
        Effect = "Allow"
        Action = [
          "iam:GetRole",
          "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies",
          "iam:ListRolePolicies",
        ]
        Resource = local.arn.roles
      },
      {
        Sid      = "ReadBoundary"
        Effect   = "Allow"
        Action   = ["iam:GetPolicy", "iam:GetPolicyVersion"]
        Resource = [local.arn.boundary]
      },
      {
        Sid      = "ReadProvider"
        Effect   = "Allow"
        Action   = ["iam:GetOpenIDConnectProvider"]
        Resource = [local.arn.provider]
      },
      {
        # the path too: GetParametersByPath on it reads every value below, although each is denied by its name
        Sid      = "NoSecretValues"
        Effect   = "Deny"
        Action   = ["ssm:GetParameter*"]
        Resource = concat(local.arn.parameters, local.arn.bot_keys, local.arn.cluster_keys, local.arn.secrets)
      },
    ],
  )

  # what a refresh of the bucket asks for:
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
  bucket_reads = [
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
  ]

  # It manages the stacks aws and secrets, not bootstrap: who may apply cannot change a role or the boundary.
  apply_statements = concat(
    [
      local.find_state,
      {
        Sid      = "WriteStates"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = [local.states.aws, local.states.secrets]
      },
      {
        Sid      = "Lock"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = ["${local.states.aws}.tflock", "${local.states.secrets}.tflock"]
      },
    ],
    [for name, part in local.stack : {
      Sid      = "Manage${name}"
      Effect   = "Allow"
      Action   = concat(part.read, part.change)
      Resource = part.resources
    }],
    [
      local.find_parameters,
      local.find_key,
      { Sid = "ManageSecrets", Effect = "Allow", Action = local.secret_actions, Resource = local.arn.secrets },
      {
        # a policy for a user only while the boundary is on it, which nothing here takes off
        Sid       = "BoundUsers"
        Effect    = "Allow"
        Action    = ["iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy"]
        Resource  = local.arn.users
        Condition = { StringEquals = { "iam:PermissionsBoundary" = local.arn.boundary } }
      },
    ],
  )

  build_statements = [
    local.log_in,
    {
      Sid    = "PullAndPush"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ]
      Resource = local.arn.repositories
    },
  ]

  registry_read_statements = [
    local.log_in,
    {
      Sid    = "Pull"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
      ]
      Resource = local.arn.repositories
    },
  ]

  # ECR has no right for tags alone: this role could delete images, and only retain.yml gets it
  retain_statements = [
    local.log_in,
    {
      Sid    = "KeepByTags"
      Effect = "Allow"
      Action = [
        "ecr:BatchDeleteImage",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetLifecyclePolicy",
        "ecr:PutImage",
      ]
      Resource = local.arn.repositories
    },
  ]
}
