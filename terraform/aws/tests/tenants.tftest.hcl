# What a tenant says, and what follows from its name. No credentials, no network: every answer of AWS is made up.
mock_provider "aws" {}

run "settings" {
  command = plan

  assert {
    condition = { for key, parameter in aws_ssm_parameter.setting : key => [parameter.name, parameter.type] } == {
      discord_bot_id   = ["/discord-bot/discord_bot_id", "String"]
      discord_guild_id = ["/discord-bot/discord_guild_id", "String"]
      litellm_base_url = ["/discord-bot/litellm_base_url", "String"]
    }
    error_message = "the settings, below the tenant's path"
  }
}

run "a_tenant_by_its_project_alone" {
  command = plan

  variables {
    region       = "eu-west-1"
    project      = "second-bot"
    environments = {}
    tables       = {}
    queues       = {}
    repositories = null
  }

  assert {
    condition = output.table_names == {
      sessions   = "second-bot-sessions"
      executions = "second-bot-executions"
      messages   = "second-bot-messages"
      history    = "second-bot-history"
    }
    error_message = "its tables"
  }
  assert {
    condition = (
      toset(flatten([
        for queue in concat(values(module.queues.names), values(module.queues.dead_letter_names)) : queue
      ]))
      == toset([
        "second-bot-agentic-events",
        "second-bot-agentic-events-dlq",
        "second-bot-discord-messages",
        "second-bot-discord-messages-dlq",
      ])
    )
    error_message = "its queues"
  }
  assert {
    condition = (
      keys(output.repository_urls) == ["second-bot", "second-bot-sandbox"]
      && output.users == { bot = "second-bot-bot", cluster = "second-bot-cluster" }
      && output.parameter_path == "/second-bot"
      && output.region == "eu-west-1"
    )
    error_message = "its repositories, users and parameters"
  }
}

run "names_of_its_own" {
  command = plan

  variables {
    project = "second-bot"
    tables  = { sessions = "second_sessions" }
    queues  = { agentic_events = "events" }
  }

  assert {
    condition = (
      output.table_names.sessions == "second_sessions"
      && output.table_names.history == "second-bot-history"
      && module.queues.names == { agentic_events = "events", discord_messages = "second-bot-discord-messages" }
    )
    error_message = "one name differs, the others are derived"
  }
}

# An environment of its own users, settings and rights, beside the first.
run "another_environment" {
  command = plan

  assert {
    condition = output.users == {
      bot             = "discord-bot-bot"
      cluster         = "discord-bot-cluster"
      staging-bot     = "discord-bot-staging-bot"
      staging-cluster = "discord-bot-staging-cluster"
    }
    error_message = "each environment has its users"
  }
  assert {
    condition = [for parameter in aws_ssm_parameter.environment_setting : parameter.name] == [
      "/discord-bot-staging/discord_bot_id",
      "/discord-bot-staging/discord_guild_id",
      "/discord-bot-staging/litellm_base_url",
    ]
    error_message = "its settings are below its own path"
  }
}

run "an_environment_without_a_name" {
  command = plan

  variables {
    environments = {
      Staging = {
        discord_bot_id   = "223456789012345678"
        discord_guild_id = "223456789012345678"
        litellm_base_url = "https://llm.example.com"
      }
    }
  }

  expect_failures = [var.environments]
}

run "an_environment_with_a_key_that_is_not_known" {
  command = plan

  variables {
    environments = {
      staging = {
        discord_bot_id   = "223456789012345678"
        discord_guild_id = "223456789012345678"
        litellm_base_url = "https://llm.example.com"
        litellm_url      = "https://llm.example.com"
      }
    }
  }

  expect_failures = [var.environments]
}

run "an_environment_that_lacks_a_setting" {
  command = plan

  variables {
    environments = {
      staging = {
        discord_bot_id   = "223456789012345678"
        discord_guild_id = "223456789012345678"
      }
    }
  }

  expect_failures = [var.environments]
}

run "an_environment_whose_bot_is_no_id" {
  command = plan

  variables {
    environments = {
      staging = {
        discord_bot_id   = "bot"
        discord_guild_id = "223456789012345678"
        litellm_base_url = "https://llm.example.com"
      }
    }
  }

  expect_failures = [var.environments]
}
