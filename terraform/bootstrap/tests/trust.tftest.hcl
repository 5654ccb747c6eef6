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

run "subjects" {
  command = plan

  assert {
    condition = (
      {
        for key, role in aws_iam_role.this : key => jsondecode(role.assume_role_policy).Statement[0]
        .Condition.StringEquals["token.actions.githubusercontent.com:sub"]
      }
      == {
        plan = [
          "repo:acme@1001/tenant@2002:environment:plan",
          "repo:acme@1001/tenant@2002:ref:refs/heads/main",
        ]
        apply         = ["repo:acme@1001/tenant@2002:environment:aws"]
        build-push    = ["repo:acme@1001/tenant@2002:ref:refs/heads/main"]
        registry-read = ["repo:acme@1001/tenant@2002:ref:refs/heads/main"]
        retain        = ["repo:acme@1001/tenant@2002:ref:refs/heads/main"]
      }
    )
    error_message = "each role has its subjects, whole"
  }
  assert {
    condition = alltrue([for role in aws_iam_role.this : (
      jsondecode(role.assume_role_policy).Statement[0]
      .Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
      && length(jsondecode(role.assume_role_policy).Statement) == 1
    )])
    error_message = "one statement, one audience"
  }
  assert {
    condition     = alltrue([for key, role in aws_iam_role.this : role.tags["purpose"] == key])
    error_message = "roles say what they are for"
  }
  assert {
    condition = (
      {
        for key, role in aws_iam_role.this : key => jsondecode(role.assume_role_policy).Statement[0]
        .Condition.StringEquals["token.actions.githubusercontent.com:job_workflow_ref"]
        if contains(["apply", "retain"], key)
      }
      == {
        apply  = "acme/tenant/.github/workflows/apply.yml@refs/heads/main"
        retain = "acme/tenant/.github/workflows/retain.yml@refs/heads/main"
      }
    )
    error_message = "one workflow applies, and one retains"
  }
}

run "classic_subjects" {
  command = plan

  variables {
    subject_form = "classic"
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0]
      .Condition.StringEquals["token.actions.githubusercontent.com:sub"] == ["repo:acme/tenant:environment:aws"]
    )
    error_message = "the older form is asked for"
  }
}

run "transition" {
  command = plan

  variables {
    subject_form = "transition"
  }

  assert {
    condition = (
      toset(
        jsondecode(aws_iam_role.this["plan"].assume_role_policy).Statement[0]
        .Condition.StringEquals["token.actions.githubusercontent.com:sub"]
      )
      == toset([
        "repo:acme/tenant:environment:plan",
        "repo:acme@1001/tenant@2002:environment:plan",
        "repo:acme/tenant:ref:refs/heads/main",
        "repo:acme@1001/tenant@2002:ref:refs/heads/main",
      ])
    )
    error_message = "both forms stand side by side"
  }
}

run "enterprise" {
  command = plan

  variables {
    issuer = "token.actions.githubusercontent.com/acme"
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Principal.Federated
      == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com/acme"
      && keys(jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0].Condition.StringEquals) == [
        for claim in ["aud", "job_workflow_ref", "sub"] : "token.actions.githubusercontent.com/acme:${claim}"
      ]
    )
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
    condition = (
      jsondecode(aws_iam_role.this["apply"].assume_role_policy).Statement[0]
      .Condition.StringEquals["token.actions.githubusercontent.com:aud"]
      == ["sts.amazonaws.com.cn", "sts.amazonaws.com"]
      && !strcontains(jsonencode(output.trust_policies), "job_workflow_ref")
    )
    error_message = "in China, a workflow may ask for either audience, and AWS knows no claim of the workflow"
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
