# Who gets which role. No credentials, no network.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  repository    = "acme/tenant"
  owner_id      = 1001
  repository_id = 2002
}

# A role gains or loses a right, a resource, a subject or a condition in two places: in its .tf file and in policies.json,
# where a reviewer sees what AWS will get.
run "policies" {
  command = plan

  assert {
    condition     = jsonencode({ for key, role in aws_iam_role.this : key => { trust = jsondecode(role.assume_role_policy), rights = jsondecode(aws_iam_role_policy.this[key].policy) } }) == jsonencode({ for key, role in jsondecode(file("tests/policies.json")) : key => { for part, statements in role : part => { Version = "2012-10-17", Statement = statements } } })
    error_message = "trust and rights are those of policies.json, to the letter"
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.max_session_duration == 3600])
    error_message = "a session ends after an hour"
  }
  assert {
    condition     = alltrue(flatten([for policy in aws_iam_role_policy.this : [for statement in jsondecode(policy.policy).Statement : [for action in statement.Action : statement.Effect == "Deny" || !strcontains(action, "*")]]]))
    error_message = "every action that is allowed is written out"
  }
  assert {
    condition     = aws_iam_openid_connect_provider.github[0].url == "https://token.actions.githubusercontent.com" && aws_iam_openid_connect_provider.github[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "GitHub's tokens, and only those made for AWS"
  }
}

run "subjects" {
  command = plan

  assert {
    condition = { for key, role in aws_iam_role.this : key => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      plan          = ["repo:acme@1001/tenant@2002:pull_request", "repo:acme@1001/tenant@2002:ref:refs/heads/main"]
      apply         = ["repo:acme@1001/tenant@2002:environment:aws"]
      build-push    = ["repo:acme@1001/tenant@2002:ref:refs/heads/main"]
      registry-read = ["repo:acme@1001/tenant@2002:ref:refs/heads/main"]
      retain        = ["repo:acme@1001/tenant@2002:ref:refs/heads/main"]
    }
    error_message = "each role has its subjects, whole"
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com" && length(jsondecode(role.assume_role_policy).Statement) == 1])
    error_message = "one statement, one audience"
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.tags["managed-by"] == "terraform"]) && { for key, role in aws_iam_role.this : key => role.tags["purpose"] }["apply"] == "apply"
    error_message = "roles say what they are for"
  }
}

run "classic_subjects" {
  command = plan

  variables {
    subject_form = "classic"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:acme/tenant:environment:aws"]
    error_message = "the older form is asked for"
  }
}

run "transition" {
  command = plan

  variables {
    subject_form = "transition"
  }

  assert {
    condition     = toset(jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]) == toset(["repo:acme/tenant:pull_request", "repo:acme@1001/tenant@2002:pull_request", "repo:acme/tenant:ref:refs/heads/main", "repo:acme@1001/tenant@2002:ref:refs/heads/main"])
    error_message = "both forms stand side by side"
  }
}

run "enterprise" {
  command = plan

  variables {
    issuer = "token.actions.githubusercontent.com/acme"
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].url == "https://token.actions.githubusercontent.com/acme" && jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com/acme" && keys(jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals) == ["token.actions.githubusercontent.com/acme:aud", "token.actions.githubusercontent.com/acme:sub"]
    error_message = "the enterprise's issuer alone is trusted, and its claims are compared"
  }
}

run "china" {
  command = plan

  variables {
    region = "cn-north-1"
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn" }
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].client_id_list == toset(["sts.amazonaws.com.cn", "sts.amazonaws.com"]) && jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == ["sts.amazonaws.com.cn", "sts.amazonaws.com"]
    error_message = "in China, a workflow may ask for either audience"
  }
}

run "rights" {
  command = plan

  assert {
    condition     = alltrue(flatten([for key, policy in aws_iam_role_policy.this : [for statement in jsondecode(policy.policy).Statement : contains(["LogIn", "FindParameters"], statement.Sid) || !contains(statement.Resource, "*")]]))
    error_message = "only what AWS has on * alone is on *"
  }
  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.this["plan"].policy).Statement : statement if statement.Effect == "Deny" && contains(statement.Action, "ssm:GetParameter*")]) == 1
    error_message = "who plans reads no secret"
  }
  assert {
    condition     = !strcontains(join(",", [for policy in aws_iam_role_policy.this : policy.policy]), "CreateAccessKey")
    error_message = "no role makes access keys"
  }
  assert {
    condition     = [for key, policy in aws_iam_role_policy.this : key if strcontains(policy.policy, "ecr:PutImage\"")] == ["build-push", "retain"]
    error_message = "two roles put images"
  }
}

run "state_bucket" {
  command = plan

  assert {
    condition     = aws_s3_bucket.state.bucket == "discord-bot-state-123456789012" && aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled" && aws_s3_bucket_public_access_block.state.block_public_acls && aws_s3_bucket_public_access_block.state.block_public_policy && aws_s3_bucket_public_access_block.state.ignore_public_acls && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    error_message = "versioned and not public"
  }
  assert {
    condition     = jsonencode(jsondecode(aws_s3_bucket_policy.state.policy).Statement) == jsonencode([{ Sid = "TlsOnly", Effect = "Deny", Principal = "*", Action = "s3:*", Resource = ["arn:aws:s3:::discord-bot-state-123456789012", "arn:aws:s3:::discord-bot-state-123456789012/*"], Condition = { Bool = { "aws:SecureTransport" = "false" } } }])
    error_message = "TLS only"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "encrypted"
  }
}

run "second_tenant_shares_the_provider" {
  command = plan

  variables {
    project         = "second-bot"
    create_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && aws_iam_role.this["plan"].name == "second-bot-plan"
    error_message = "one provider for an account"
  }
}

run "bad_region_1" {
  command = plan

  variables {
    region = "here"
  }

  expect_failures = [var.region]
}

run "bad_project_1" {
  command = plan

  variables {
    project = "X"
  }

  expect_failures = [var.project]
}

run "bad_state_bucket_1" {
  command = plan

  variables {
    state_bucket = "UPPER"
  }

  expect_failures = [var.state_bucket]
}

run "bad_repository_1" {
  command = plan

  variables {
    repository = "acme/*"
  }

  expect_failures = [var.repository]
}

run "bad_repository_2" {
  command = plan

  variables {
    repository = "tenant"
  }

  expect_failures = [var.repository]
}

run "bad_owner_id_1" {
  command = plan

  variables {
    owner_id = 0
  }

  expect_failures = [var.owner_id]
}

run "bad_repository_id_1" {
  command = plan

  variables {
    repository_id = 1.5
  }

  expect_failures = [var.repository_id]
}

run "bad_issuer_1" {
  command = plan

  variables {
    issuer = "https://token.actions.githubusercontent.com/*"
  }

  expect_failures = [var.issuer]
}

run "bad_subject_form_1" {
  command = plan

  variables {
    subject_form = "new"
  }

  expect_failures = [var.subject_form]
}

run "bad_branch_1" {
  command = plan

  variables {
    branch = "*"
  }

  expect_failures = [var.branch]
}

run "bad_apply_environment_1" {
  command = plan

  variables {
    apply_environment = "a*"
  }

  expect_failures = [var.apply_environment]
}
