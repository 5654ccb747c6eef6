# What each role may do. https://docs.aws.amazon.com/service-authorization/latest/reference/
locals {
  arn = {
    bucket       = "arn:${local.partition}:s3:::${local.bucket}"
    state        = "arn:${local.partition}:s3:::${local.bucket}/aws/terraform.tfstate"
    tables       = [for name in var.tables : "arn:${local.partition}:dynamodb:${var.region}:${local.account}:table/${name}"]
    queues       = flatten([for name in var.queues : [for queue in [name, "${name}-dlq"] : "arn:${local.partition}:sqs:${var.region}:${local.account}:${queue}"]])
    repositories = [for name in var.repositories : "arn:${local.partition}:ecr:${var.region}:${local.account}:repository/${name}"]
    users        = [for name in ["bot", "cluster"] : "arn:${local.partition}:iam::${local.account}:user/${var.project}-${name}"]
    parameters   = "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.project}/*"
    alarms       = flatten([for name in var.queues : [for alarm in ["dlq-depth", "oldest-message"] : "arn:${local.partition}:cloudwatch:${var.region}:${local.account}:alarm:${name}-${alarm}"]])
  }
  secrets  = [for name in ["discord_token", "litellm_api_key"] : "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.project}/${name}"]
  settings = [for name in ["discord_bot_id", "discord_guild_id", "litellm_base_url"] : "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter/${var.project}/${name}"]

  log_in = { Sid = "LogIn", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] } # AWS has this call on "*" alone

  # what a refresh of the stack asks for
  plan_reads = [
    { Sid = "FindState", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arn.bucket] },
    { Sid = "ReadState", Effect = "Allow", Action = ["s3:GetObject"], Resource = [local.arn.state] },
    { Sid = "Lock", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = ["${local.arn.state}.tflock"] },
    { Sid = "ReadTables", Effect = "Allow", Action = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource"], Resource = local.arn.tables },
    { Sid = "ReadQueues", Effect = "Allow", Action = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"], Resource = local.arn.queues },
    { Sid = "ReadAlarms", Effect = "Allow", Action = ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"], Resource = local.arn.alarms },
    { Sid = "ReadRepositories", Effect = "Allow", Action = ["ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource"], Resource = local.arn.repositories },
    { Sid = "ReadUsers", Effect = "Allow", Action = ["iam:GetUser", "iam:GetUserPolicy", "iam:ListUserTags"], Resource = local.arn.users },
    { Sid = "ReadSettings", Effect = "Allow", Action = ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"], Resource = local.settings },
    { Sid = "FindParameters", Effect = "Allow", Action = ["ssm:DescribeParameters"], Resource = ["*"] }, # AWS has this call on "*" alone, and it shows no value
    { Sid = "TagsOfSecrets", Effect = "Allow", Action = ["ssm:ListTagsForResource"], Resource = local.secrets },
  ]

  plan_statements = concat(local.plan_reads, [
    { Sid = "NoSecretValues", Effect = "Deny", Action = ["ssm:GetParameter*"], Resource = local.secrets },
  ])

  apply_statements = [
    { Sid = "WriteState", Effect = "Allow", Action = ["s3:PutObject"], Resource = [local.arn.state] },
    { Sid = "ManageTables", Effect = "Allow", Action = ["dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"], Resource = local.arn.tables },
    { Sid = "ManageQueues", Effect = "Allow", Action = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"], Resource = local.arn.queues },
    { Sid = "ManageAlarms", Effect = "Allow", Action = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"], Resource = local.arn.alarms },
    { Sid = "ManageRepositories", Effect = "Allow", Action = ["ecr:CreateRepository", "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy", "ecr:TagResource", "ecr:UntagResource"], Resource = local.arn.repositories },
    # the two users and their inline policies, but neither keys nor passwords: who may apply gets no identity of its own
    { Sid = "ManageUsers", Effect = "Allow", Action = ["iam:CreateUser", "iam:DeleteUser", "iam:DeleteUserPolicy", "iam:ListAccessKeys", "iam:ListGroupsForUser", "iam:PutUserPolicy", "iam:TagUser", "iam:UntagUser"], Resource = local.arn.users },
    { Sid = "ManageParameters", Effect = "Allow", Action = ["ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource", "ssm:PutParameter", "ssm:RemoveTagsFromResource"], Resource = concat(local.secrets, local.settings) },
  ]

  build_statements = [
    local.log_in,
    { Sid = "PullAndPush", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"], Resource = local.arn.repositories },
  ]

  registry_read_statements = [
    local.log_in,
    { Sid = "Pull", Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetDownloadUrlForLayer"], Resource = local.arn.repositories },
  ]

  # ECR has no right for tags alone: this role could delete images, and only retain.yml gets it
  retain_statements = [
    local.log_in,
    { Sid = "KeepByTags", Effect = "Allow", Action = ["ecr:BatchDeleteImage", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:GetLifecyclePolicy", "ecr:PutImage"], Resource = local.arn.repositories },
  ]
}
