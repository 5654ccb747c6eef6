variable "names" {
  description = "What the two queues are called; each dead-letter queue adds -dlq."
  type = object({
    agentic_events   = string
    discord_messages = string
  })
  nullable = false

  validation {
    condition = alltrue([for name in values(var.names) : can(regex("^[A-Za-z0-9_-]{1,76}$", name))])
    error_message = join(" ", [
      "names: each queue's name has 1 to 76 letters, digits, '_' or '-' (80 with -dlq);",
      "got ${join(", ", values(var.names))}.",
    ])
  }

  validation {
    condition     = length(distinct(values(var.names))) == 2
    error_message = "names: two queues cannot share a name; got ${join(", ", values(var.names))}."
  }
}

variable "project" {
  description = "Name of the tenant that the queues belong to."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the queues, part of their ARNs."
  type        = string
  nullable    = false
}

variable "retention_seconds" {
  description = "How long a message waits to be received. Its age counts on in the dead-letter queue."
  type        = number
  default     = 345600 # 4 days
  nullable    = false

  validation {
    condition = var.retention_seconds >= 60 && var.retention_seconds < 1209600
    error_message = join(" ", [
      "retention_seconds: ${var.retention_seconds} must be from 60 to 1209599,",
      "so that the dead-letter queue (14 days) outlives the queue: a message keeps its first timestamp when it moves.",
    ])
  }
}

variable "visibility_seconds" {
  description = <<-EOT
    How long a received message is hidden from other receivers: longer than handling one takes, or it counts as failed.
  EOT
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.visibility_seconds >= 0 && var.visibility_seconds <= 43200
    error_message = "visibility_seconds: ${var.visibility_seconds} must be from 0 to 43200 (12 hours)."
  }
}

variable "restrict_dead_letters" {
  description = <<-EOT
    Whether a dead-letter queue takes messages from its own queue alone; without, any queue of the account may name it.
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
    condition = alltrue([for arn in var.alarm_actions : startswith(arn, "arn:")])
    error_message = join(" ", [
      "alarm_actions: each is an ARN, such as arn:aws:sns:ca-central-1:123456789012:alarms;",
      "got ${join(", ", var.alarm_actions)}.",
    ])
  }
}
