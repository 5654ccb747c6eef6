variable "region" {
  description = "AWS region that everything is in."
  type        = string
  default     = "ca-central-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is no AWS region; it looks like ca-central-1."
  }
}

variable "project" {
  description = "Name of the tenant: in tags, in the users' names, and the path of its parameters."
  type        = string
  default     = "discord-bot"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.project))
    error_message = "project: '${var.project}' must have 3 to 32 lower-case letters, digits and '-', begin with a letter and not end with '-'."
  }
}

variable "tables" {
  description = "Names of the four tables."
  type = object({
    sessions   = optional(string, "discord_sessions")
    executions = optional(string, "discord_executions")
    messages   = optional(string, "discord-messages")
    history    = optional(string, "chat_history")
  })
  default  = {}
  nullable = false
}

variable "queues" {
  description = "Names of the two queues; each dead-letter queue adds -dlq."
  type = object({
    agentic_events   = optional(string, "agentic-events")
    discord_messages = optional(string, "discord-messages")
  })
  default  = {}
  nullable = false
}

variable "repositories" {
  description = "How many builds each image repository keeps, besides those that git can still ask for."
  type        = map(number)
  default     = { discord-bot = 10, dev-sandbox = 5 }
  nullable    = false
}

variable "queue_retention_seconds" {
  description = "How long a message waits in a queue: less than the 14 days of its dead-letter queue."
  type        = number
  default     = 345600
  nullable    = false
}

variable "restrict_dead_letters" {
  description = "Whether a dead-letter queue takes messages from its own queue alone; without, any queue of the account may name it. Off by default because moto never answers it and Terraform waits for 3 minutes and fails; on at AWS."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_actions" {
  description = "ARNs that alarms are sent to, such as an SNS topic."
  type        = list(string)
  default     = []
  nullable    = false
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
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:") && !contains(["project", "stack", "managed-by"], key)])
    error_message = "tags: aws:… belongs to AWS, and project, stack and managed-by are set by this stack; take them out of ${join(", ", keys(var.tags))}."
  }
}

variable "discord_bot_id" {
  description = "The bot's id at Discord (a snowflake)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{17,20}$", var.discord_bot_id))
    error_message = "discord_bot_id: '${var.discord_bot_id}' is no Discord id; one has 17 to 20 digits (Developer Portal, General Information, Application ID)."
  }
}

variable "discord_guild_id" {
  description = "The id of the Discord server that the bot is for (a snowflake)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{17,20}$", var.discord_guild_id))
    error_message = "discord_guild_id: '${var.discord_guild_id}' is no Discord id; one has 17 to 20 digits (in Discord: right click on the server, Copy Server ID)."
  }
}

variable "litellm_base_url" {
  description = "Where LiteLLM is."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https?://[^\\s/?#@]+([/?#]\\S*)?$", var.litellm_base_url))
    error_message = "litellm_base_url: '${var.litellm_base_url}' is not an address; write it with its scheme and without a user or password (everybody may read it), such as https://llm.example.com."
  }
}

variable "discord_token" {
  description = "The bot's token at Discord. Only an apply that raises its version needs it: TF_VAR_discord_token."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null

  validation {
    condition     = var.discord_token == null ? true : can(regex("^[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]{20,}$", var.discord_token))
    error_message = "discord_token: the value is no Discord bot token, which is three parts joined by '.'; copy it from the Developer Portal (Bot, Reset Token), without 'Bot ' before it."
  }
}

variable "litellm_api_key" {
  description = "The key for LiteLLM. Only an apply that raises its version needs it: TF_VAR_litellm_api_key."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null

  validation {
    condition     = var.litellm_api_key == null ? true : can(regex("^[!-~]{8,}$", var.litellm_api_key))
    error_message = "litellm_api_key: the value is not a key; a key has 8 or more characters and neither spaces nor line ends (a line end at the end of a file counts)."
  }
}

variable "secret_versions" {
  description = "Version of each secret. To change a secret, raise its number and give its value to that apply."
  type = object({
    discord_token   = optional(number, 1)
    litellm_api_key = optional(number, 1)
  })
  default  = {}
  nullable = false
}
