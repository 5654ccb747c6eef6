variable "path" {
  description = "What the names of all parameters begin with, such as /discord-bot."
  type        = string
  nullable    = false

  validation {
    condition = (
      can(regex("^(/[A-Za-z0-9_.-]+)+$", var.path))
      && !startswith(lower(var.path), "/aws")
      && !startswith(lower(var.path), "/ssm")
    )
    error_message = join(" ", [
      "path: '${var.path}' must begin with '/', have no '/' at its end,",
      "and be none of AWS's own (/aws…, /ssm…), such as /discord-bot.",
    ])
  }
}

variable "environment" {
  description = "Environment of the secrets, where it is not the first: a missing value is asked for by its name."
  type        = string
  default     = null
}

variable "versions" {
  description = "Version of each secret. Raising one writes the value given in that apply; 0 makes no parameter."
  type        = map(number)
  nullable    = false

  validation {
    condition = alltrue([for version in values(var.versions) : version >= 0 && floor(version) == version])
    error_message = join(" ", [
      "versions: each is a whole number from 0;",
      "got ${join(", ", [for name, version in var.versions : "${name} = ${version}"])}.",
    ])
  }
}

variable "values" {
  description = "Values of the secrets, by name; only those whose version is raised are needed, and only by an apply."
  type        = map(string)
  ephemeral   = true
  sensitive   = true
  default     = {}
}
