# Who gets which role. No credentials, no network.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_openid_connect_provider" {
    defaults = { client_id_list = ["sts.amazonaws.com"] }
  }
}

# A role gains or loses a right, a resource, a subject or a condition in two places: in its .tf file and in policies.json,
# where a reviewer sees what AWS will get.
run "policies" {
  command = plan

  assert {
    condition     = jsonencode(merge({ for key, role in aws_iam_role.this : key => { trust = jsondecode(role.assume_role_policy), rights = jsondecode(aws_iam_role_policy.this[key].policy) } }, { boundary = { rights = jsondecode(aws_iam_policy.boundary.policy) } })) == jsonencode({ for key, parts in jsondecode(file("tests/policies.json")) : key => { for part, statements in parts : part => { Version = "2012-10-17", Statement = statements } } })
    error_message = "trust, rights and the boundary are those of policies.json, to the letter"
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
    condition     = aws_iam_policy.boundary.name == "discord-bot-boundary" && output.policies == merge({ for key, policy in aws_iam_role_policy.this : key => policy.policy }, { boundary = aws_iam_policy.boundary.policy })
    error_message = "the outputs say what AWS gets"
  }
}

# A tenant that says nothing but its name. No name of the first tenant is in what it may do.
run "a_second_tenant" {
  command = plan

  variables {
    project      = "second-bot"
    region       = "eu-west-1"
    environments = []
    tables       = {}
    queues       = {}
    repositories = null
  }

  assert {
    condition     = jsonencode(merge({ for key, role in aws_iam_role.this : key => { trust = jsondecode(role.assume_role_policy), rights = jsondecode(aws_iam_role_policy.this[key].policy) } }, { boundary = { rights = jsondecode(aws_iam_policy.boundary.policy) } })) == jsonencode({ for key, parts in jsondecode(file("tests/policies-second.json")) : key => { for part, statements in parts : part => { Version = "2012-10-17", Statement = statements } } })
    error_message = "trust, rights and the boundary are those of policies-second.json, to the letter"
  }
  assert {
    condition     = !can(regex("discord-bot|discord_sessions|chat_history|[^-]discord-messages|[^-]agentic-events|dev-sandbox|ca-central-1", jsonencode([output.policies, output.trust_policies])))
    error_message = "nothing is the first tenant's"
  }
}

# AWS refuses a longer policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
run "the_longest_name_fits" {
  command = plan

  variables {
    project      = "project-whose-name-has-32-letter"
    region       = "ap-southeast-1"
    tables       = {}
    queues       = {}
    repositories = null
  }

  assert {
    condition     = length(var.project) == 32 && alltrue([for policy in aws_iam_role_policy.this : length(policy.policy) <= 10240]) && length(aws_iam_policy.boundary.policy) <= 6144 && length(aws_s3_bucket.state.bucket) <= 63
    error_message = "policies and names are within AWS's limits"
  }
}

run "subjects" {
  command = plan

  assert {
    condition = { for key, role in aws_iam_role.this : key => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      plan          = ["repo:acme@1001/tenant@2002:environment:plan", "repo:acme@1001/tenant@2002:ref:refs/heads/main"]
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
    condition     = alltrue([for key, role in aws_iam_role.this : role.tags["purpose"] == key])
    error_message = "roles say what they are for"
  }
  assert {
    condition = { for key, role in aws_iam_role.this : key => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:job_workflow_ref"] if contains(["apply", "retain"], key) } == {
      apply  = "acme/tenant/.github/workflows/apply.yml@refs/heads/main"
      retain = "acme/tenant/.github/workflows/retain.yml@refs/heads/main"
    }
    error_message = "one workflow applies, and one retains"
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
    condition     = toset(jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]) == toset(["repo:acme/tenant:environment:plan", "repo:acme@1001/tenant@2002:environment:plan", "repo:acme/tenant:ref:refs/heads/main", "repo:acme@1001/tenant@2002:ref:refs/heads/main"])
    error_message = "both forms stand side by side"
  }
}

run "enterprise" {
  command = plan

  variables {
    issuer = "token.actions.githubusercontent.com/acme"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com/acme" && keys(jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals) == [for claim in ["aud", "job_workflow_ref", "sub"] : "token.actions.githubusercontent.com/acme:${claim}"]
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

  override_data {
    target = data.aws_iam_openid_connect_provider.github
    values = { client_id_list = ["sts.amazonaws.com", "sts.amazonaws.com.cn"] }
  }

  assert {
    condition     = jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == ["sts.amazonaws.com.cn", "sts.amazonaws.com"] && !strcontains(jsonencode(output.trust_policies), "job_workflow_ref")
    error_message = "in China, a workflow may ask for either audience, and AWS knows no claim of the workflow"
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
    condition     = [for key, policy in aws_iam_role_policy.this : key if can(regex("s3:(Put|Delete)Object", policy.policy))] == ["apply"]
    error_message = "one role writes states and locks"
  }
  assert {
    condition     = { for statement in jsondecode(aws_iam_role_policy.this["apply"].policy).Statement : statement.Sid => [for arn in statement.Resource : endswith(arn, ".tfstate.tflock")] if contains(statement.Action, "s3:DeleteObject") } == { Lock = [true, true] }
    error_message = "it deletes locks, and no state"
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
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.state.rule : "${rule.status} ${one(rule.noncurrent_version_expiration).noncurrent_days} ${one(rule.expiration).expired_object_delete_marker} ${one(rule.abort_incomplete_multipart_upload).days_after_initiation}"]) == "Enabled 90 true 7"
    error_message = "old versions, delete markers and broken uploads go"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "encrypted"
  }
}

run "the_provider_lacks_the_audience" {
  command = plan

  override_data {
    target = data.aws_iam_openid_connect_provider.github
    values = { client_id_list = ["https://github.com/acme"] }
  }

  expect_failures = [data.aws_iam_openid_connect_provider.github]
}

# Each value is refused; what the sentences say is in the variables.
run "bad_values" {
  command = plan

  variables {
    region            = "here"
    project           = "X"
    state_bucket      = "UPPER"
    repository        = "acme/*"
    owner_id          = 0
    repository_id     = 1.5
    issuer            = "https://token.actions.githubusercontent.com/*"
    subject_form      = "new"
    branch            = "*"
    apply_environment = "a*"
    tables            = { session = "x-sessions" }
    queues            = { events = "x-events" }
    repositories      = { "x/*" = 10 }
    tags              = { project = "x" }
  }

  expect_failures = [var.region, var.project, var.state_bucket, var.repository, var.owner_id, var.repository_id, var.issuer, var.subject_form, var.branch, var.apply_environment, var.tables, var.queues, var.repositories, var.tags]
}

run "more_bad_values" {
  command = plan

  variables {
    project    = "discord-sandbox"
    repository = "tenant"
    tables     = { sessions = "x-*" }
    queues     = { agentic_events = "x-?" }
  }

  expect_failures = [var.project, var.repository, var.tables, var.queues]
}

run "names_that_are_null" {
  command = plan

  variables {
    tables = { sessions = null }
    queues = { agentic_events = null }
  }

  expect_failures = [var.tables, var.queues]
}
