# What the two users may do, as AWS gets it. A user gains or loses a right or a resource in two places: in the .tf files and
# in policies.json, where a reviewer sees it. No credentials, no network: every answer of AWS is made up.
mock_provider "aws" {
  override_during = plan # no apply here: prevent_destroy would keep what it made

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:ca-central-1:123456789012:table/a-table" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:ca-central-1:123456789012:a-queue" }
  }

  mock_resource "aws_ecr_repository" {
    defaults = { arn = "arn:aws:ecr:ca-central-1:123456789012:repository/a-repository" }
  }
}


run "policies" {
  command = plan

  assert {
    condition     = jsonencode({ for user, policy in output.policies : user => jsondecode(policy) }) == jsonencode({ for user, parts in jsondecode(file("tests/policies.json")) : user => { Version = "2012-10-17", Statement = parts.rights } })
    error_message = "rights are those of policies.json, to the letter"
  }
}

run "the_users_get_them" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    project         = "discord-bot"
    table_arns      = [for name in range(4) : "arn:aws:dynamodb:ca-central-1:123456789012:table/a-table"]
    queue_arns      = [for name in range(2) : "arn:aws:sqs:ca-central-1:123456789012:a-queue"]
    repository_arns = [for name in range(2) : "arn:aws:ecr:ca-central-1:123456789012:repository/a-repository"]
    parameter_arns  = ["arn:aws:ssm:ca-central-1:123456789012:parameter/discord-bot", "arn:aws:ssm:ca-central-1:123456789012:parameter/discord-bot/*"]
    tags            = {}
  }

  assert {
    condition     = jsonencode({ for user, policy in aws_iam_user_policy.this : user => [policy.user, jsondecode(policy.policy)] }) == jsonencode({ for user, parts in jsondecode(file("tests/policies.json")) : user => ["discord-bot-${user}", { Version = "2012-10-17", Statement = parts.rights }] })
    error_message = "each user has its own rights, to the letter"
  }
}
