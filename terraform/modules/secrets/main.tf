locals {
  # what the value of a secret is asked for by: its name, and where it is read from
  asked = {
    for name in keys(var.versions) : name => var.environment == null ? [name, "TF_VAR_${name} for this apply"] : [
      "${var.environment}/${name}",
      "TF_VAR_environment_secrets for this apply, JSON with ${name} of ${var.environment}",
    ]
  }
  secrets = toset([for name, version in var.versions : name if version > 0])
}

resource "aws_ssm_parameter" "secret" {
  #checkov:skip=CKV_AWS_337:AWS's own key for parameters: a customer-managed one is a way to lose every secret
  for_each = local.secrets

  name             = "${var.path}/${each.key}"
  description      = "Written by Terraform from a value that is in no plan and no state."
  type             = "SecureString"
  value_wo_version = var.versions[each.key]

  # A plan stands in for a value that it does not need. An apply without the value fails here, before anything is
  # written, by the only means that a write-only argument leaves: the text that is no truth value is the message.
  value_wo = (
    lookup(var.values, each.key, null) != null ? var.values[each.key] :
    terraform.applying ? tostring(tobool(join(" ", [
      "the value of ${local.asked[each.key][0]} is missing: its version is raised to ${var.versions[each.key]},",
      "so set ${local.asked[each.key][1]}",
    ]))) :
    "a plan needs no secret"
  )
}
