variable "region" {
  description = "AWS region that everything is in, such as ca-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is not an AWS region, such as ca-central-1."
  }
}

variable "project" {
  description = <<-EOT
    Name of the tenant, unique in the account: begins every name that has none of its own below, and the path of the
    parameters. It must not be <other project>-<its environment>, such as discord-bot-staging: both would have the same
    users and parameters, and the apply of the second one fails because they exist already.
  EOT
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.project))
    error_message = join(" ", [
      "project: '${var.project}' must have 3 to 32 lower-case letters, digits and '-',",
      "begin with a letter and not end with '-'.",
    ])
  }

  validation {
    condition = !endswith(var.project, "-sandbox")
    error_message = join(" ", [
      "project: '${var.project}' ends with -sandbox, as the second repository of another tenant does;",
      "choose another name.",
    ])
  }
}

variable "tables" {
  description = "Names of the tables whose name is not <project>-sessions, -executions, -messages or -history."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.tables), ["sessions", "executions", "messages", "history"])) == 0
    error_message = join(" ", [
      "tables:",
      join(", ", setsubtract(keys(var.tables), ["sessions", "executions", "messages", "history"])),
      "is not a table of this stack; the keys are sessions, executions, messages and history.",
    ])
  }
}

variable "queues" {
  description = <<-EOT
    Names of the queues whose name is not <project>-agentic-events or -discord-messages; each dead-letter queue adds
    -dlq.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.queues), ["agentic_events", "discord_messages"])) == 0
    error_message = join(" ", [
      "queues:",
      join(", ", setsubtract(keys(var.queues), ["agentic_events", "discord_messages"])),
      "is not a queue of this stack; the keys are agentic_events and discord_messages.",
    ])
  }
}

variable "repositories" {
  description = <<-EOT
    How many builds each image repository keeps, by its name. Default: 10 of <project> and 5 of <project>-sandbox.
  EOT
  type        = map(number)
  default     = null
}

variable "queue_retention_seconds" {
  description = "How long a message waits in a queue: less than the 14 days of its dead-letter queue."
  type        = number
  default     = 345600
  nullable    = false
}

variable "queue_visibility_seconds" {
  description = <<-EOT
    How long a received message is hidden from other receivers: longer than handling one takes, or it counts as failed.
  EOT
  type        = number
  default     = 900
  nullable    = false
}

variable "restrict_dead_letters" {
  description = <<-EOT
    Whether a dead-letter queue takes messages from its own queue alone. Only moto needs false: it never answers the
    question, and Terraform gives up after 3 minutes.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "alarm_actions" {
  description = "ARNs that alarms are sent to, such as an SNS topic."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = length(var.alarm_actions) > 0 || var.no_alarm_actions_because != null
    error_message = join(" ", [
      "alarm_actions: an alarm would reach no one; name a topic,",
      "such as arn:aws:sns:ca-central-1:123456789012:alarms, or say in no_alarm_actions_because why none is needed.",
    ])
  }
}

variable "no_alarm_actions_because" {
  description = "Why alarms are sent to no one; needed where alarm_actions is empty."
  type        = string
  default     = null

  validation {
    condition     = var.no_alarm_actions_because == null ? true : length(trimspace(var.no_alarm_actions_because)) > 0
    error_message = "no_alarm_actions_because: the reason is empty; write one, or name a topic in alarm_actions."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the tables."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of everything, besides project, stack and managed-by."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for key in keys(var.tags) :
      !startswith(lower(key), "aws:") && !contains(["project", "stack", "managed-by"], key)
    ])
    error_message = join(" ", [
      "tags: aws:… belongs to AWS, and project, stack and managed-by are set by this stack;",
      "take them out of ${join(", ", keys(var.tags))}.",
    ])
  }
}

variable "discord_bot_id" {
  description = "The bot's id at Discord (a snowflake)."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[0-9]{17,20}$", var.discord_bot_id))
    error_message = join(" ", [
      "discord_bot_id: '${var.discord_bot_id}' is not a Discord id, which has 17 to 20 digits",
      "(Developer Portal, General Information, Application ID).",
    ])
  }
}

variable "discord_guild_id" {
  description = "The id of the Discord server that the bot is for (a snowflake)."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[0-9]{17,20}$", var.discord_guild_id))
    error_message = join(" ", [
      "discord_guild_id: '${var.discord_guild_id}' is not a Discord id, which has 17 to 20 digits",
      "(in Discord: right click on the server, Copy Server ID).",
    ])
  }
}

variable "environments" {
  description = <<-EOT
    Environments besides the first, each with discord_bot_id, discord_guild_id and litellm_base_url, and with secrets
    and users of its own: the names of theirs begin with <project>-<environment>.
  EOT
  type        = map(map(string)) # an object would drop a key that it does not know
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name in keys(var.environments) : can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", name)) && name != "sandbox"
    ])
    error_message = join(" ", [
      "environments: ${join(", ", keys(var.environments))}: a name has 2 to 16 lower-case letters, digits and '-',",
      "begins with a letter, does not end with '-', and is not sandbox.",
    ])
  }

  validation {
    condition = alltrue([
      for one in values(var.environments) : length(setsubtract(keys(one), local.setting_keys)) == 0
    ])
    error_message = join(" ", [
      "environments:",
      join(", ", flatten([
        for name, one in var.environments : [for key in setsubtract(keys(one), local.setting_keys) : "${name}.${key}"]
      ])),
      "is not a setting of an environment; the keys are ${join(", ", local.setting_keys)}.",
    ])
  }

  validation {
    condition = alltrue([
      for one in values(var.environments) : length(setsubtract(local.setting_keys, keys(one))) == 0
    ])
    error_message = join(" ", [
      "environments:",
      join(", ", flatten([
        for name, one in var.environments : [for key in setsubtract(local.setting_keys, keys(one)) : "${name}.${key}"]
      ])),
      "is missing; an environment has ${join(", ", local.setting_keys)}.",
    ])
  }

  validation {
    condition = alltrue(flatten([for one in values(var.environments) : [for key, value in one : can(regex(
      endswith(key, "_id") ? "^[0-9]{17,20}$" : "^https?://[^\\s/?#@]+([/?#]\\S*)?$",
      value,
    ))]]))
    error_message = join(" ", [
      "environments: the ids have 17 to 20 digits, and litellm_base_url is an address with its scheme",
      "and without a user or password, such as https://llm.example.com.",
    ])
  }
}

variable "litellm_base_url" {
  description = "Where LiteLLM is."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^https?://[^\\s/?#@]+([/?#]\\S*)?$", var.litellm_base_url))
    error_message = join(" ", [
      "litellm_base_url: '${var.litellm_base_url}' is not an address; write it with its scheme",
      "and without a user or password (everybody may read it), such as https://llm.example.com.",
    ])
  }
}
