# Two users outside AWS, so that a stolen key opens one door. Their access keys are made by `npm run keys`, never here:
# what Terraform makes is in its state.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  tenant  = coalesce(var.tenant, var.project)

  # made by terraform/bootstrap; AWS lets the role apply write no policy for a user without it
  boundary = "arn:${data.aws_partition.current.partition}:iam::${local.account}:policy/${local.tenant}-boundary"

  policies = {
    bot = {
      Version = "2012-10-17"
      Statement = [
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
          Resource = sort(var.table_arns)
        },
        {
          Sid      = "ReadIndexes"
          Effect   = "Allow"
          Action   = ["dynamodb:Query", "dynamodb:Scan"]
          Resource = sort([for arn in var.table_arns : "${arn}/index/*"])
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
          Resource = sort(var.queue_arns)
        },
      ]
    }
    cluster = {
      Version = "2012-10-17"
      Statement = [
        {
          # AWS has this call on "*" alone:
          # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
          Sid      = "LogIn"
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = ["*"]
        },
        {
          Sid    = "Pull"
          Effect = "Allow"
          Action = [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
          ]
          Resource = sort(var.repository_arns)
        },
        {
          # without GetParametersByPath, which reads all that is below a path, the key of the cluster itself among it
          Sid      = "ReadParameters"
          Effect   = "Allow"
          Action   = ["ssm:GetParameter", "ssm:GetParameters"]
          Resource = sort(var.parameter_arns)
        },
      ]
    }
  }
}

resource "aws_iam_user" "this" {
  #checkov:skip=CKV_AWS_273:The cluster is outside AWS and has no identity provider that AWS could trust
  for_each = toset(["bot", "cluster"])

  name                 = "${var.project}-${each.key}"
  permissions_boundary = local.boundary
}

resource "aws_iam_user_policy" "this" {
  #checkov:skip=CKV_AWS_40:One user, one policy: a group of one would only hide it
  for_each = local.policies

  name   = "${var.project}-${each.key}"
  user   = aws_iam_user.this[each.key].name
  policy = jsonencode(each.value)

  lifecycle {
    precondition {
      condition = length(jsonencode(each.value)) <= 2048
      error_message = join(" ", [
        "The policy of ${var.project}-${each.key} has ${length(jsonencode(each.value))} characters,",
        "and AWS takes 2048: give the tables, queues and repositories shorter names.",
      ])
    }
  }
}
