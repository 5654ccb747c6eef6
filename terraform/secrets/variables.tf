variable "region" {
  description = "AWS region of the parameters, such as ca-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is not an AWS region, such as ca-central-1."
  }
}

variable "project" {
  description = <<-EOT
    Name of the tenant, as in the stack aws: the path of the parameters. It must not be <other project>-<its
    environment>, such as discord-bot-staging: both would have the same parameters.
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

variable "discord_token" {
  description = "The bot's token at Discord. Only an apply that raises its version needs it: TF_VAR_discord_token."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null

  validation {
    condition = var.discord_token == null ? true : can(regex(
      "^[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]{20,}$",
      var.discord_token,
    ))
    error_message = join(" ", [
      "discord_token: the value is not a Discord bot token, which has three parts separated by '.';",
      "copy it from the Developer Portal (Bot, Reset Token), without 'Bot ' before it.",
    ])
  }
}

variable "litellm_api_key" {
  description = "The key for LiteLLM. Only an apply that raises its version needs it: TF_VAR_litellm_api_key."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null

  validation {
    condition = var.litellm_api_key == null ? true : can(regex("^[!-~]{8,}$", var.litellm_api_key))
    error_message = join(" ", [
      "litellm_api_key: the value is not a key;",
      "a key has 8 or more characters and neither spaces nor line ends (a line end at the end of a file counts).",
    ])
  }
}

variable "environments" {
  description = <<-EOT
    Environments besides the first, as in the stack aws: each has the same secrets below a path of its own.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for name in var.environments : can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", name)) && name != "sandbox"
    ])
    error_message = join(" ", [
      "environments: ${join(", ", var.environments)}: a name has 2 to 16 lower-case letters, digits and '-',",
      "begins with a letter, does not end with '-', and is not sandbox.",
    ])
  }
}

variable "environment_secrets" {
  description = <<-EOT
    Secrets of the further environments, by environment and name. Only an apply that raises a version needs them:
    TF_VAR_environment_secrets, as JSON.
  EOT
  type        = map(map(string))
  ephemeral   = true
  sensitive   = true
  default     = {}
  nullable    = false

  # Terraform shows no part of an ephemeral value, not even a key: these messages say what may be there.
  validation {
    condition = length(setsubtract(keys(var.environment_secrets), var.environments)) == 0
    error_message = join(" ", [
      "environment_secrets: it has an environment that this stack does not have.",
      length(var.environments) == 0 ? "There is none besides the first:" :
      "Its keys are ${join(", ", var.environments)}:",
      "correct the key, or add the environment to environments in terraform.tfvars.",
    ])
  }

  validation {
    condition = alltrue([
      for secrets in values(var.environment_secrets) : length(setsubtract(keys(secrets), local.secrets)) == 0
    ])
    error_message = join(" ", [
      "environment_secrets: an environment has a secret that is not one of this stack;",
      "the keys are ${join(" and ", local.secrets)}.",
    ])
  }

  validation {
    condition = alltrue([for secrets in values(var.environment_secrets) : alltrue([for name, value in secrets : (
      name == "discord_token"
      ? can(regex("^[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]{20,}$", value))
      : name != "litellm_api_key" || can(regex("^[!-~]{8,}$", value))
    )])])
    error_message = join(" ", [
      "environment_secrets: a value is not what its name says. discord_token has three parts separated by '.';",
      "litellm_api_key has 8 or more characters and neither spaces nor line ends.",
    ])
  }
}

variable "secret_versions" {
  description = <<-EOT
    Version of each secret, 1 where it is not named; that of a further environment is named staging/discord_token. To
    change a secret, raise its number and give its value to that apply; 0 makes no parameter.
  EOT
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.secret_versions), local.secret_keys)) == 0
    error_message = join("", [
      "secret_versions: ${join(", ", setsubtract(keys(var.secret_versions), local.secret_keys))} ",
      "is not a secret of this stack; the keys are discord_token and litellm_api_key",
      length(var.environments) == 0 ? "." :
      ", with ${join(" or ", [for name in var.environments : "${name}/"])} before it for another environment.",
    ])
  }
}
