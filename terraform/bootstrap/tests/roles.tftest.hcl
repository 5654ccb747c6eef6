# What each role may do, and what the states are kept in. No credentials, no network.
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

# A role gains or loses a right, a resource, a subject or a condition in two places: in its .tf file and in
# policies.json, where a reviewer sees what AWS will get.
run "policies" {
  command = plan

  assert {
    condition = (
      jsonencode(merge(
        {
          for key, role in aws_iam_role.this : key => {
            trust  = jsondecode(role.assume_role_policy)
            rights = jsondecode(aws_iam_role_policy.this[key].policy)
          }
        },
        { boundary = { rights = jsondecode(aws_iam_policy.boundary.policy) } },
      ))
      == jsonencode({
        for key, parts in jsondecode(file("tests/policies.json")) : key => {
          for part, statements in parts : part => { Version = "2012-10-17", Statement = statements }
        }
      })
    )
    error_message = "trust, rights and the boundary are those of policies.json, to the letter"
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.max_session_duration == 3600])
    error_message = "a session ends after an hour"
  }
  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.this : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action : statement.Effect == "Deny" || !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "every action that is allowed is written out"
  }
  assert {
    condition = aws_iam_policy.boundary.name == "discord-bot-boundary" && output.policies == merge(
      { for key, policy in aws_iam_role_policy.this : key => policy.policy },
      { boundary = aws_iam_policy.boundary.policy },
    )
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
    condition = (
      jsonencode(merge(
        {
          for key, role in aws_iam_role.this : key => {
            trust  = jsondecode(role.assume_role_policy)
            rights = jsondecode(aws_iam_role_policy.this[key].policy)
          }
        },
        { boundary = { rights = jsondecode(aws_iam_policy.boundary.policy) } },
      ))
      == jsonencode({
        for key, parts in jsondecode(file("tests/policies-second.json")) : key => {
          for part, statements in parts : part => { Version = "2012-10-17", Statement = statements }
        }
      })
    )
    error_message = "trust, rights and the boundary are those of policies-second.json, to the letter"
  }
  assert {
    condition = !can(regex(
      join("|", [
        "discord-bot",
        "discord_sessions",
        "chat_history",
        "[^-]discord-messages",
        "[^-]agentic-events",
        "dev-sandbox",
        "ca-central-1",
      ]),
      jsonencode([output.policies, output.trust_policies]),
    ))
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
    condition = (
      length(var.project) == 32
      && alltrue([for policy in aws_iam_role_policy.this : length(policy.policy) <= 10240])
      && length(aws_iam_policy.boundary.policy) <= 6144
      && length(aws_s3_bucket.state.bucket) <= 63
    )
    error_message = "policies and names are within AWS's limits"
  }
}

run "rights" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for key, policy in aws_iam_role_policy.this : [
        for statement in jsondecode(policy.policy).Statement :
        contains(["LogIn", "FindParameters"], statement.Sid) || !contains(statement.Resource, "*")
      ]
    ]))
    error_message = "only what AWS has on * alone is on *"
  }
  assert {
    condition = length([
      for statement in jsondecode(aws_iam_role_policy.this["plan"].policy).Statement :
      statement if statement.Effect == "Deny" && contains(statement.Action, "ssm:GetParameter*")
    ]) == 1
    error_message = "who plans reads no secret"
  }
  assert {
    condition = [
      for key, policy in aws_iam_role_policy.this :
      key if can(regex("s3:(Put|Delete)Object", policy.policy))
    ] == ["apply"]
    error_message = "one role writes states and locks"
  }
  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this["apply"].policy).Statement :
      statement.Sid => [for arn in statement.Resource : endswith(arn, ".tfstate.tflock")]
      if contains(statement.Action, "s3:DeleteObject")
    } == { Lock = [true, true] }
    error_message = "it deletes locks, and no state"
  }
  assert {
    condition     = !strcontains(join(",", [for policy in aws_iam_role_policy.this : policy.policy]), "CreateAccessKey")
    error_message = "no role makes access keys"
  }
  assert {
    condition = [
      for key, policy in aws_iam_role_policy.this : key if strcontains(policy.policy, "ecr:PutImage\"")
    ] == ["build-push", "retain"]
    error_message = "two roles put images"
  }
}

run "state_bucket" {
  command = plan

  assert {
    condition = (
      aws_s3_bucket.state.bucket == "discord-bot-state-123456789012"
      && aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
      && aws_s3_bucket_public_access_block.state.block_public_acls
      && aws_s3_bucket_public_access_block.state.block_public_policy
      && aws_s3_bucket_public_access_block.state.ignore_public_acls
      && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    )
    error_message = "versioned and not public"
  }
  assert {
    condition = (
      jsonencode(jsondecode(aws_s3_bucket_policy.state.policy))
      == jsonencode(jsondecode(file("tests/tls-only.json"))["discord-bot-state-123456789012"])
    )
    error_message = "TLS only: the policy of tls-only.json, to the letter"
  }
  assert {
    condition = one([for rule in aws_s3_bucket_lifecycle_configuration.state.rule : join(" ", [
      rule.status,
      one(rule.noncurrent_version_expiration).noncurrent_days,
      one(rule.expiration).expired_object_delete_marker,
      one(rule.abort_incomplete_multipart_upload).days_after_initiation,
    ])]) == "Enabled 90 true 7"
    error_message = "old versions, delete markers and broken uploads go"
  }
  assert {
    condition = one(
      one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default
    ).sse_algorithm == "AES256"
    error_message = "encrypted"
  }
}
