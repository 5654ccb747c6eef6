# What the two users may do, as AWS gets it. A user gains or loses a right or a resource in two places: in the .tf files
# and in policies.json, where a reviewer sees it. No credentials, no network: every answer of AWS is made up.
mock_provider "aws" {
  override_during = plan # no apply here: prevent_destroy would keep what it made

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

run "policies" {
  command = plan

  override_module {
    target = module.tables
    outputs = {
      arns = {
        for name in ["discord_sessions", "discord_executions", "discord-messages", "chat_history"] :
        name => "arn:aws:dynamodb:ca-central-1:123456789012:table/${name}"
      }
      names = { sessions = "", executions = "", messages = "", history = "" }
    }
  }

  override_module {
    target  = module.queues
    outputs = { urls = { agentic_events = "", discord_messages = "" } }
  }

  override_module {
    target = module.repositories
    outputs = {
      arns = {
        for name in ["discord-bot", "dev-sandbox"] :
        name => "arn:aws:ecr:ca-central-1:123456789012:repository/${name}"
      }
      urls = { discord-bot = "" }
    }
  }

  assert {
    condition = (
      jsonencode({
        for user, policy in output.policies : user => jsondecode(policy)
      })
      == jsonencode({
        for user, parts in jsondecode(file("tests/policies.json")) :
        user => { Version = "2012-10-17", Statement = parts.rights }
      })
    )
    error_message = "rights are those of policies.json, to the letter"
  }
}

run "identities" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    project         = "discord-bot"
    table_arns      = ["arn:aws:dynamodb:ca-central-1:123456789012:table/t"]
    queue_arns      = ["arn:aws:sqs:ca-central-1:123456789012:q"]
    repository_arns = ["arn:aws:ecr:ca-central-1:123456789012:repository/r"]
    parameter_arns  = ["arn:aws:ssm:ca-central-1:123456789012:parameter/p/a"]
  }

  assert {
    condition     = output.users == { bot = "discord-bot-bot", cluster = "discord-bot-cluster" }
    error_message = "two users"
  }
  assert {
    condition = alltrue(flatten([
      for key, policy in aws_iam_user_policy.this : [
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Allow" && alltrue([for action in statement.Action : !strcontains(action, "*")])
      ]
    ]))
    error_message = "every action is written out"
  }
  assert {
    condition = (
      (
        [
          for statement in jsondecode(aws_iam_user_policy.this["cluster"].policy).Statement :
          statement.Sid if contains(statement.Resource, "*")
        ]
        == ["LogIn"]
        && [
          for statement in jsondecode(aws_iam_user_policy.this["bot"].policy).Statement :
          statement.Sid if contains(statement.Resource, "*")
        ] == []
      )
    )
    error_message = "only the login, which AWS has on * alone, is on *"
  }
}

# A second tenant's users, by the names that the stack derives.
run "the_users_get_them" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    project = "second-bot"
    table_arns = [
      for name in ["sessions", "executions", "messages", "history"] :
      "arn:aws:dynamodb:eu-west-1:123456789012:table/second-bot-${name}"
    ]
    queue_arns = [
      for name in ["agentic-events", "discord-messages"] :
      "arn:aws:sqs:eu-west-1:123456789012:second-bot-${name}"
    ]
    repository_arns = [
      for name in ["second-bot", "second-bot-sandbox"] : "arn:aws:ecr:eu-west-1:123456789012:repository/${name}"
    ]
    parameter_arns = [
      for name in [
        "bot_credentials",
        "discord_bot_id",
        "discord_guild_id",
        "discord_token",
        "litellm_api_key",
        "litellm_base_url",
      ] : "arn:aws:ssm:eu-west-1:123456789012:parameter/second-bot/${name}"
    ]
  }

  assert {
    condition = (
      jsonencode({
        for user, policy in aws_iam_user_policy.this : user => [policy.user, jsondecode(policy.policy)]
      })
      == jsonencode({
        for user, parts in jsondecode(file("tests/policies-second.json")) :
        user => ["second-bot-${user}", { Version = "2012-10-17", Statement = parts.rights }]
      })
    )
    error_message = "each user has its own rights, to the letter"
  }
  assert {
    condition = alltrue([
      for user in aws_iam_user.this :
      user.permissions_boundary == "arn:aws:iam::123456789012:policy/second-bot-boundary"
    ])
    error_message = "each user has the boundary of its tenant"
  }
}

# AWS refuses more than 2048 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
run "the_longest_name_fits" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    project = "project-whose-name-has-32-letter"
    table_arns = [
      for name in ["sessions", "executions", "messages", "history"] :
      "arn:aws:dynamodb:ap-southeast-1:123456789012:table/project-whose-name-has-32-letter-${name}"
    ]
    queue_arns = [
      for name in ["agentic-events", "discord-messages"] :
      "arn:aws:sqs:ap-southeast-1:123456789012:project-whose-name-has-32-letter-${name}"
    ]
    repository_arns = [
      for name in ["", "-sandbox"] :
      "arn:aws:ecr:ap-southeast-1:123456789012:repository/project-whose-name-has-32-letter${name}"
    ]
    parameter_arns = [
      for name in [
        "bot_credentials",
        "discord_bot_id",
        "discord_guild_id",
        "discord_token",
        "litellm_api_key",
        "litellm_base_url",
      ] : "arn:aws:ssm:ap-southeast-1:123456789012:parameter/project-whose-name-has-32-letter/${name}"
    ]
  }

  assert {
    condition = alltrue([for policy in aws_iam_user_policy.this : length(policy.policy) <= 2048])
    error_message = join(" ", [
      join(", ", [for user, policy in aws_iam_user_policy.this : "${user} has ${length(policy.policy)}"]),
      "characters",
    ])
  }
}

run "a_longer_name_does_not" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    project = "second-bot"
    table_arns = [
      for index in range(4) :
      "arn:aws:dynamodb:eu-west-1:123456789012:table/${index}${join("", [for _ in range(254) : "t"])}"
    ]
    queue_arns      = ["arn:aws:sqs:eu-west-1:123456789012:a"]
    repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/a"]
    parameter_arns  = ["arn:aws:ssm:eu-west-1:123456789012:parameter/second-bot/a"]
  }

  expect_failures = [aws_iam_user_policy.this]
}

run "a_path_of_parameters" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    project         = "second-bot"
    table_arns      = ["arn:aws:dynamodb:eu-west-1:123456789012:table/a"]
    queue_arns      = ["arn:aws:sqs:eu-west-1:123456789012:a"]
    repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/a"]
    parameter_arns  = ["arn:aws:ssm:eu-west-1:123456789012:parameter/second-bot/*"]
  }

  expect_failures = [var.parameter_arns]
}
