# The most that the users <project>-bot and <project>-cluster may ever do. Who applies terraform/aws writes their
# policies, but only while this boundary is on them: what is not allowed here, no policy gives them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
# A new right of the two users is written here too, and bootstrap is applied first.
locals {
  boundary_statements = [
    {
      Sid    = "ReadAndWriteTables"
      Effect = "Allow"
      Action = [
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
      ]
      Resource = local.arn.tables
    },
    {
      Sid      = "ReadIndexes"
      Effect   = "Allow"
      Action   = ["dynamodb:Query", "dynamodb:Scan"]
      Resource = [for arn in local.arn.tables : "${arn}/index/*"]
    },
    {
      Sid    = "SendAndReceive"
      Effect = "Allow"
      Action = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
      ]
      Resource = local.arn.queues
    },
    local.log_in,
    {
      Sid    = "Pull"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
      ]
      Resource = local.arn.repositories
    },
    {
      # GetParametersByPath is not among them: it reads all that is below a path, whatever else is denied
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter", "ssm:GetParameters"]
      Resource = concat(local.arn.bot_keys, local.arn.settings, local.arn.secrets)
    },
  ]
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.project}-boundary"
  description = "The most that ${var.project}-bot and ${var.project}-cluster may ever do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = local.boundary_statements })
}
