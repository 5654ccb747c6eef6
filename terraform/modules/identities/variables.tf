variable "project" {
  description = "Begins the names of the two users: <project>-bot and <project>-cluster."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9+=,.@_-]{1,56}$", var.project))
    error_message = join(" ", [
      "project: '${var.project}' cannot begin a user's name, which has letters, digits and +=,.@_- (64 with -cluster);",
      "shorten it or take the others out.",
    ])
  }
}

variable "tenant" {
  description = <<-EOT
    Whose boundary the users get, where their names do not begin with the tenant's alone: those of a further
    environment.
  EOT
  type        = string
  default     = null
}

variable "table_arns" {
  description = "ARNs of the tables that the bot reads and writes."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.table_arns) > 0
    error_message = "table_arns: without a table the bot's policy would be empty; name at least one."
  }
}

variable "queue_arns" {
  description = "ARNs of the queues that the bot sends to and receives from."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.queue_arns) > 0
    error_message = "queue_arns: without a queue the bot's policy would be empty; name at least one."
  }
}

variable "repository_arns" {
  description = "ARNs of the repositories that the cluster pulls from."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.repository_arns) > 0
    error_message = "repository_arns: without a repository the cluster's policy would be empty; name at least one."
  }
}

variable "parameter_arns" {
  description = <<-EOT
    ARN of each parameter that the cluster delivers; a path or a wildcard would give it every secret of the tenant.
  EOT
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.parameter_arns) > 0
    error_message = "parameter_arns: without a parameter the cluster's policy would be empty; name at least one."
  }

  validation {
    condition = alltrue([
      for arn in var.parameter_arns : can(regex(":parameter/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$", arn))
    ])
    error_message = join(" ", [
      "parameter_arns: each is the ARN of one parameter below the tenant's path, written out.",
      "Got ${join(", ", var.parameter_arns)}.",
    ])
  }
}
