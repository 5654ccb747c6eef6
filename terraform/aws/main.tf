# What the tenant has at AWS, besides its secrets: one stack, one state, one plan.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # derived names first: a tenant says only those that differ
  tables       = merge({ for table in ["sessions", "executions", "messages", "history"] : table => "${var.project}-${table}" }, var.tables)
  queues       = merge({ agentic_events = "${var.project}-agentic-events", discord_messages = "${var.project}-discord-messages" }, var.queues)
  repositories = var.repositories != null ? var.repositories : { (var.project) = 10, "${var.project}-sandbox" = 5 }

  settings = {
    discord_bot_id   = var.discord_bot_id
    discord_guild_id = var.discord_guild_id
    litellm_base_url = var.litellm_base_url
  }

  parameter_path = "/${var.project}"
  parameters_arn = "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${data.aws_caller_identity.current.account_id}:parameter${local.parameter_path}"

  # what the cluster hands to the pods; its own key is not among it
  delivered = concat(["bot_credentials", "discord_token", "litellm_api_key"], keys(local.settings))
}

module "tables" {
  source = "../modules/tables"

  names               = local.tables
  deletion_protection = var.deletion_protection
}

module "queues" {
  source = "../modules/queues"

  names                 = local.queues
  project               = var.project
  region                = var.region
  retention_seconds     = var.queue_retention_seconds
  visibility_seconds    = var.queue_visibility_seconds
  restrict_dead_letters = var.restrict_dead_letters
  alarm_actions         = var.alarm_actions
}

module "repositories" {
  source = "../modules/repositories"

  repositories = local.repositories
}

module "identities" {
  source = "../modules/identities"

  project         = var.project
  table_arns      = values(module.tables.arns)
  queue_arns      = values(module.queues.arns)
  repository_arns = values(module.repositories.arns)
  parameter_arns  = [for name in local.delivered : "${local.parameters_arn}/${name}"]
}

resource "aws_ssm_parameter" "setting" {
  #checkov:skip=CKV2_AWS_34:An id or an address that everybody may know
  for_each = local.settings

  name  = "${local.parameter_path}/${each.key}"
  type  = "String"
  value = each.value
}

# One state is one tenant in one region. With the names of another, a plan would replace everything; it is refused here.
resource "terraform_data" "tenant" {
  triggers_replace = [var.project, var.region]

  lifecycle {
    prevent_destroy = true
  }
}

# The stack secrets owns them since it exists: here they are forgotten, and stay at AWS.
removed {
  from = module.secrets.aws_ssm_parameter.secret

  lifecycle {
    destroy = false
  }
}

moved {
  from = module.secrets.aws_ssm_parameter.setting
  to   = aws_ssm_parameter.setting
}
