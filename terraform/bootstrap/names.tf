# The names of what the roles may touch. They are those of terraform/aws: derived from the project, unless said.
locals {
  table_keys = ["sessions", "executions", "messages", "history"]
  queue_keys = ["agentic_events", "discord_messages"]

  tables = merge({ for key in local.table_keys : key => "${var.project}-${key}" }, var.tables)
  queues = merge({ for key in local.queue_keys : key => "${var.project}-${replace(key, "_", "-")}" }, var.queues)

  repositories = var.repositories != null ? keys(var.repositories) : [var.project, "${var.project}-sandbox"]

  secrets  = ["discord_token", "litellm_api_key"]
  settings = ["discord_bot_id", "discord_guild_id", "litellm_base_url"]

  # the tenant and its further environments: what the names of their users and parameters begin with
  prefixes = concat([var.project], [for environment in var.environments : "${var.project}-${environment}"])

  here           = "${var.region}:${local.account}"
  all_parameters = "arn:${local.partition}:ssm:${local.here}:parameter"

  arn = {
    bucket       = "arn:${local.partition}:s3:::${local.bucket}"
    tables       = [for name in values(local.tables) : "arn:${local.partition}:dynamodb:${local.here}:table/${name}"]
    queues       = [for name in values(local.queues) : "arn:${local.partition}:sqs:${local.here}:${name}"]
    dead_letters = [for name in values(local.queues) : "arn:${local.partition}:sqs:${local.here}:${name}-dlq"]
    repositories = [for name in local.repositories : "arn:${local.partition}:ecr:${local.here}:repository/${name}"]
    parameters   = [for prefix in local.prefixes : "${local.all_parameters}/${prefix}"]
    secrets = [
      for pair in setproduct(local.prefixes, local.secrets) : "${local.all_parameters}/${join("/", pair)}"
    ]
    settings = [
      for pair in setproduct(local.prefixes, local.settings) : "${local.all_parameters}/${join("/", pair)}"
    ]
    bot_keys     = [for prefix in local.prefixes : "${local.all_parameters}/${prefix}/bot_credentials"]
    cluster_keys = [for prefix in local.prefixes : "${local.all_parameters}/${prefix}/cluster_credentials"]
    users = [
      for pair in setproduct(local.prefixes, ["bot", "cluster"]) :
      "arn:${local.partition}:iam::${local.account}:user/${join("-", pair)}"
    ]
    roles = [
      for name in local.purposes : "arn:${local.partition}:iam::${local.account}:role/${var.project}-${name}"
    ]
    boundary = "arn:${local.partition}:iam::${local.account}:policy/${var.project}-boundary"
    provider = "arn:${local.partition}:iam::${local.account}:oidc-provider/${var.issuer}"
    alarms = flatten([for name in values(local.queues) : [
      for alarm in ["dlq-depth", "oldest-message"] :
      "arn:${local.partition}:cloudwatch:${local.here}:alarm:${name}-${alarm}"
    ]])
  }
  states = { for stack in ["aws", "bootstrap", "secrets"] : stack => "${local.arn.bucket}/${stack}/terraform.tfstate" }
}
