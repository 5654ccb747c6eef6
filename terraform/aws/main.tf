# All that the tenant has at AWS: one stack, one plan.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  tags = merge(var.tags, { project = var.project, stack = "aws", managed-by = "terraform" })

  parameter_path = "/${var.project}"
  parameters_arn = "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${data.aws_caller_identity.current.account_id}:parameter${local.parameter_path}"
}

module "tables" {
  source = "../modules/tables"

  names               = var.tables
  deletion_protection = var.deletion_protection
}

module "queues" {
  source = "../modules/queues"

  names                 = var.queues
  retention_seconds     = var.queue_retention_seconds
  restrict_dead_letters = var.restrict_dead_letters
  alarm_actions         = var.alarm_actions
  tags                  = local.tags
}

module "repositories" {
  source = "../modules/repositories"

  repositories = var.repositories
}

module "secrets" {
  source = "../modules/secrets"

  path     = local.parameter_path
  versions = var.secret_versions
  tags     = local.tags

  # a null must not get into the map: there it would be a value
  values = merge(
    var.discord_token == null ? {} : { discord_token = var.discord_token },
    var.litellm_api_key == null ? {} : { litellm_api_key = var.litellm_api_key },
  )

  settings = {
    discord_bot_id   = var.discord_bot_id
    discord_guild_id = var.discord_guild_id
    litellm_base_url = var.litellm_base_url
  }
}

module "identities" {
  source = "../modules/identities"

  project         = var.project
  table_arns      = values(module.tables.arns)
  queue_arns      = values(module.queues.arns)
  repository_arns = values(module.repositories.arns)
  parameter_arns  = [local.parameters_arn, "${local.parameters_arn}/*"]
  tags            = local.tags
}
