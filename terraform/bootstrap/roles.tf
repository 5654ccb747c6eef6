# Who gets which role, and what for. A subject is matched whole: no wildcard, no pattern.
locals {
  owner = split("/", var.repository)[0]
  name  = split("/", var.repository)[1]
  subject_forms = {
    immutable = "repo:${local.owner}@${var.owner_id}/${local.name}@${var.repository_id}"
    classic   = "repo:${var.repository}"
  }
  subjects = [for form, subject in local.subject_forms : subject if contains([form, "transition"], var.subject_form)]

  from_branch = [for subject in local.subjects : "${subject}:ref:refs/heads/${var.branch}"]
  from_plan   = [for subject in local.subjects : "${subject}:environment:${var.plan_environment}"]
  from_apply  = [for subject in local.subjects : "${subject}:environment:${var.apply_environment}"]

  # In China, workflows ask for either.
  audiences = local.partition == "aws-cn" ? ["sts.amazonaws.com.cn", "sts.amazonaws.com"] : ["sts.amazonaws.com"]
  audience  = jsondecode(length(local.audiences) == 1 ? jsonencode(local.audiences[0]) : jsonencode(local.audiences))

  # The two roles that destroy are for one workflow each, as the branch has it. AWS compares this claim since 2026, in
  # its commercial regions: elsewhere no token would have it, and no one would get in.
  # https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
  workflows = {
    for purpose in ["apply", "retain"] :
    purpose => "${var.repository}/.github/workflows/${purpose}.yml@refs/heads/${var.branch}" if local.partition == "aws"
  }

  purposes = ["apply", "build-push", "plan", "registry-read", "retain"]
  roles = {
    plan          = { subjects = concat(local.from_plan, local.from_branch), statements = local.plan_statements }
    apply         = { subjects = local.from_apply, statements = local.apply_statements }
    build-push    = { subjects = local.from_branch, statements = local.build_statements }
    registry-read = { subjects = local.from_branch, statements = local.registry_read_statements }
    retain        = { subjects = local.from_branch, statements = local.retain_statements }
  }
  claims = { for purpose, role in local.roles : purpose => {
    for claim, value in {
      aud              = local.audience
      sub              = role.subjects
      job_workflow_ref = lookup(local.workflows, purpose, null)
    } : "${var.issuer}:${claim}" => value if value != null
  } }
}

resource "aws_iam_role" "this" {
  #checkov:skip=CKV_AWS_393:It reads the source, where the subjects are expressions; npm run check:trust reads the plan, where they are texts
  for_each = local.roles

  name                 = "${var.project}-${each.key}"
  description          = "GitHub Actions of ${var.repository}: ${each.key}"
  max_session_duration = 3600
  tags                 = { purpose = each.key }

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "GitHubActions"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = data.aws_iam_openid_connect_provider.github.arn }
      Condition = { StringEquals = local.claims[each.key] }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}
