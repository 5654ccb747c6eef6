variable "region" {
  description = "AWS region of the state bucket, and of what the roles may touch, such as ca-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: '${var.region}' is not an AWS region, such as ca-central-1."
  }
}

variable "project" {
  description = <<-EOT
    Name of the tenant, as in the stack aws: begins the names of the roles and of all that they touch. It must not be
    <other project>-<its environment>, such as discord-bot-staging: its roles could touch what is the other's.
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

variable "state_bucket" {
  description = "Name of the bucket for the states; unique in all of AWS. Default: <project>-state-<account>."
  type        = string
  default     = null

  validation {
    condition = var.state_bucket == null ? true : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = join(" ", [
      "state_bucket: '${coalesce(var.state_bucket, "null")}' is not a bucket name,",
      "which has 3 to 63 lower-case letters, digits, '.' and '-'.",
    ])
  }
}

variable "repository" {
  description = "The repository at GitHub whose workflows get the roles: OWNER/REPO, in its own spelling."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+$", var.repository))
    error_message = join(" ", [
      "repository: '${var.repository}' is not OWNER/REPO, such as acme/tenant;",
      "wildcards would let other repositories in.",
    ])
  }
}

variable "owner_id" {
  description = "Number of the repository's owner: gh api repos/OWNER/REPO --jq .owner.id"
  type        = number
  nullable    = false

  validation {
    condition     = var.owner_id > 0 && floor(var.owner_id) == var.owner_id
    error_message = "owner_id: ${var.owner_id} is not a GitHub id; ask for it by gh api repos/OWNER/REPO --jq .owner.id"
  }
}

variable "repository_id" {
  description = "Number of the repository: gh api repos/OWNER/REPO --jq .id"
  type        = number
  nullable    = false

  validation {
    condition = var.repository_id > 0 && floor(var.repository_id) == var.repository_id
    error_message = join(" ", [
      "repository_id: ${var.repository_id} is not a GitHub id;",
      "ask for it by gh api repos/OWNER/REPO --jq .id",
    ])
  }
}

variable "subject_form" {
  description = <<-EOT
    How GitHub writes the subject of this repository's tokens: 'immutable' (with ids; every repository created since
    July 2026), 'classic', or 'transition' while it may be either: then check with --subject-form transition, and go on
    to 'immutable'.
  EOT
  type        = string
  default     = "immutable"
  nullable    = false

  validation {
    condition = contains(["immutable", "classic", "transition"], var.subject_form)
    error_message = join(" ", [
      "subject_form: '${var.subject_form}' must be 'immutable' (repositories created since July 2026),",
      "'classic' (older ones that did not opt in) or 'transition' (both side by side).",
    ])
  }
}

variable "issuer" {
  description = <<-EOT
    The issuer of GitHub's tokens, without its scheme: an enterprise may have its own, such as
    token.actions.githubusercontent.com/acme.
  EOT
  type        = string
  default     = "token.actions.githubusercontent.com"
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+(/[A-Za-z0-9._-]+)*$", var.issuer))
    error_message = join(" ", [
      "issuer: '${var.issuer}' is not an issuer without its scheme,",
      "such as token.actions.githubusercontent.com/acme.",
    ])
  }
}

variable "branch" {
  description = "The branch that is deployed from."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.branch))
    error_message = "branch: '${var.branch}' must be one branch, written out; wildcards would let every branch in."
  }
}

variable "plan_environment" {
  description = "The environment at GitHub in which pull requests are planned."
  type        = string
  default     = "plan"
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9._-]+$", var.plan_environment))
    error_message = join(" ", [
      "plan_environment: '${var.plan_environment}' must be one environment's name",
      "of letters, digits, '.', '_' and '-'.",
    ])
  }
}

variable "apply_environment" {
  description = "The protected environment at GitHub in which Terraform is applied."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9._-]+$", var.apply_environment))
    error_message = join(" ", [
      "apply_environment: '${var.apply_environment}' must be one environment's name",
      "of letters, digits, '.', '_' and '-'.",
    ])
  }
}

variable "environments" {
  description = "Environments besides the first, as in the stack aws: their users and parameters may be managed too."
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

variable "tables" {
  description = <<-EOT
    Names of the tables whose name is not <project>-sessions, -executions, -messages or -history; the same as in the
    stack aws.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.tables), local.table_keys)) == 0
    error_message = join(" ", [
      "tables: ${join(", ", setsubtract(keys(var.tables), local.table_keys))} is not a table of the stack aws;",
      "the keys are ${join(", ", local.table_keys)}.",
    ])
  }

  validation {
    condition = alltrue([for name in values(var.tables) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = join(" ", [
      "tables: each is the name of one table, written out, such as discord_sessions;",
      "a wildcard would give the roles what is not the tenant's. Got ${jsonencode(var.tables)}.",
    ])
  }
}

variable "queues" {
  description = <<-EOT
    Names of the queues whose name is not <project>-agentic-events or -discord-messages; the same as in the stack aws.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(var.queues), local.queue_keys)) == 0
    error_message = join(" ", [
      "queues: ${join(", ", setsubtract(keys(var.queues), local.queue_keys))} is not a queue of the stack aws;",
      "the keys are ${join(", ", local.queue_keys)}.",
    ])
  }

  validation {
    condition = alltrue([for name in values(var.queues) : can(regex("^[A-Za-z0-9_-]{1,76}$", name))])
    error_message = join(" ", [
      "queues: each is the name of one queue, written out, such as agentic-events;",
      "a wildcard would give the roles what is not the tenant's. Got ${jsonencode(var.queues)}.",
    ])
  }
}

variable "repositories" {
  description = <<-EOT
    Image repositories, with how many builds each keeps; the same as in the stack aws. Default: <project> and
    <project>-sandbox.
  EOT
  type        = map(number)
  default     = null

  validation {
    condition = var.repositories == null ? true : alltrue([
      for name in keys(var.repositories) : can(regex("^[a-z0-9]+(?:[._/-][a-z0-9]+)*$", name))
    ])
    error_message = join(" ", [
      "repositories: each is the name of one image repository, written out, such as discord-bot; a wildcard",
      "would give the roles what is not the tenant's. Got ${join(", ", keys(coalesce(var.repositories, {})))}.",
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
