# The tenant's secrets: a stack of their own, because a refresh reads each of them decrypted. Whoever plans the other
# stacks needs no right to read a secret.
locals {
  secrets = ["discord_token", "litellm_api_key"]

  # that of a further environment is named staging/discord_token
  secret_keys = concat(local.secrets, [for pair in setproduct(var.environments, local.secrets) : join("/", pair)])
}

module "secrets" {
  source = "../modules/secrets"

  path     = "/${var.project}"
  versions = { for name in local.secrets : name => lookup(var.secret_versions, name, 1) }

  # a null must not get into the map: there it would be a value
  values = merge(
    var.discord_token == null ? {} : { discord_token = var.discord_token },
    var.litellm_api_key == null ? {} : { litellm_api_key = var.litellm_api_key },
  )
}

# A further environment's secrets are below a path of its own: its SecretStore, and no other, reads them.
module "environment_secrets" {
  source   = "../modules/secrets"
  for_each = var.environments

  path        = "/${var.project}-${each.key}"
  environment = each.key
  versions    = { for name in local.secrets : name => lookup(var.secret_versions, "${each.key}/${name}", 1) }
  values      = lookup(var.environment_secrets, each.key, {})
}

# One state is one tenant in one region. With the names of another, a plan would replace everything; it is refused here.
resource "terraform_data" "tenant" {
  triggers_replace = [var.project, var.region]

  lifecycle {
    prevent_destroy = true
  }
}
