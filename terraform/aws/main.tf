# What the tenant has at AWS, besides its secrets: one stack, one state, one plan.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # derived names first: a tenant says only those that differ
  tables = merge(
    { for table in ["sessions", "executions", "messages", "history"] : table => "${var.project}-${table}" },
    var.tables,
  )
  queues = merge(
    {
      agentic_events   = "${var.project}-agentic-events"
      discord_messages = "${var.project}-discord-messages"
    },
    var.queues,
  )
  repositories = var.repositories != null ? var.repositories : { (var.project) = 10, "${var.project}-sandbox" = 5 }

  setting_keys = ["discord_bot_id", "discord_guild_id", "litellm_base_url"]
  settings = {
    discord_bot_id   = var.discord_bot_id
    discord_guild_id = var.discord_guild_id
    litellm_base_url = var.litellm_base_url
  }

  # a further environment has its parameters below a path of its own: discord-bot-staging/discord_bot_id
  environment_settings = merge([for environment, settings in var.environments : {
    for name, value in settings : "${var.project}-${environment}/${name}" => value
  }]...)

  parameter_path = "/${var.project}"
  here           = "${var.region}:${data.aws_caller_identity.current.account_id}"
  parameters_arn = "arn:${data.aws_partition.current.partition}:ssm:${local.here}:parameter"

  # by their names and not by what SQS answers: the users' rights, and what the bot is told, wait for no queue
  queue_arns = [
    for name in values(local.queues) : "arn:${data.aws_partition.current.partition}:sqs:${local.here}:${name}"
  ]

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
  queue_arns      = local.queue_arns
  repository_arns = values(module.repositories.arns)
  parameter_arns  = [for name in local.delivered : "${local.parameters_arn}/${var.project}/${name}"]
}

# Users of each further environment: the same rights, except that they read the parameters of their own path alone.
module "environments" {
  source   = "../modules/identities"
  for_each = var.environments

  project         = "${var.project}-${each.key}"
  tenant          = var.project
  table_arns      = values(module.tables.arns)
  queue_arns      = local.queue_arns
  repository_arns = values(module.repositories.arns)
  parameter_arns  = [for name in local.delivered : "${local.parameters_arn}/${var.project}-${each.key}/${name}"]
}

resource "aws_ssm_parameter" "setting" {
  #checkov:skip=CKV2_AWS_34:An id or an address that everybody may know
  for_each = local.settings

  name  = "${local.parameter_path}/${each.key}"
  type  = "String"
  value = each.value
}

resource "aws_ssm_parameter" "environment_setting" {
  #checkov:skip=CKV2_AWS_34:An id or an address that everybody may know
  for_each = local.environment_settings

  name  = "/${each.key}"
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
