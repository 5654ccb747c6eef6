variable "names" {
  description = "What the four tables are called."
  type = object({
    sessions   = string
    executions = string
    messages   = string
    history    = string
  })
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.names) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = <<-EOT
      names: each table's name has 3 to 255 letters, digits, '_', '-' or '.'; got ${join(", ", values(var.names))}.
    EOT
  }

  validation {
    condition     = length(distinct(values(var.names))) == 4
    error_message = "names: two tables cannot share a name; got ${join(", ", values(var.names))}."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the tables; docs/runbooks/teardown.md says when to take it off."
  type        = bool
  default     = true
  nullable    = false
}
