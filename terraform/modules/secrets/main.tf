locals {
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
      "the value of ${each.key} is missing: its version is raised to ${var.versions[each.key]},",
      "so set TF_VAR_${each.key} for this apply",
    ]))) :
    "a plan needs no secret"
  )
}
