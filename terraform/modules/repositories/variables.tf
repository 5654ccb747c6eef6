variable "repositories" {
  description = "How many builds each repository keeps, and images of other tags, besides what git can still ask for."
  type        = map(number)
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.repositories) : can(regex("^[a-z0-9]+(?:[._/-][a-z0-9]+)*$", name))])
    error_message = <<-EOT
      repositories: a name has lower-case letters and digits, with single '.', '_', '-' or '/' between them;
      got ${join(", ", keys(var.repositories))}.
    EOT
  }

  validation {
    condition     = alltrue([for keep in values(var.repositories) : keep >= 1 && keep <= 1000 && floor(keep) == keep])
    error_message = <<-EOT
      repositories: each keeps a whole number of images from 1 to 1000;
      got ${join(", ", [for name, keep in var.repositories : "${name} = ${keep}"])}.
    EOT
  }
}
