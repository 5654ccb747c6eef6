# Who gets which role, and what for. A subject is matched whole: no wildcard, no pattern.
locals {
  owner = split("/", var.repository)[0]
  name  = split("/", var.repository)[1]
  subject = (
    var.subject_form == "immutable"
    ? "repo:${local.owner}@${var.owner_id}/${local.name}@${var.repository_id}"
    : "repo:${var.repository}"
  )
  from_branch = "${local.subject}:ref:refs/heads/${var.branch}"

  roles = {
    plan          = { subjects = ["${local.subject}:pull_request", local.from_branch], statements = local.plan_statements }
    apply         = { subjects = ["${local.subject}:environment:${var.apply_environment}"], statements = concat(local.plan_reads, local.apply_statements) }
    build-push    = { subjects = [local.from_branch], statements = local.build_statements }
    registry-read = { subjects = [local.from_branch], statements = local.registry_read_statements }
    retain        = { subjects = [local.from_branch], statements = local.retain_statements }
  }
}

resource "aws_iam_role" "this" {
  #checkov:skip=CKV_AWS_393:It reads the source, where the subjects are expressions; npm run check:trust reads the plan, where they are texts
  for_each = local.roles

  name                 = "${var.project}-${each.key}"
  description          = "GitHub Actions of ${var.repository}: ${each.key}"
  max_session_duration = 3600
  tags                 = merge(local.tags, { purpose = each.key })

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "GitHubActions"
      Effect = "Allow"
      Action = "sts:AssumeRoleWithWebIdentity"
      Principal = {
        Federated = "arn:${local.partition}:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"
      }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = each.value.subjects
        }
      }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}
