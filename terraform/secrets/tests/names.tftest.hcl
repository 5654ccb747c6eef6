# What the stack makes, seen in the plan. No credentials, no network: every answer of AWS is made up.
mock_provider "aws" {}

run "a_plan_needs_no_secret" {
  command = plan

  assert {
    condition = output.names == {
      discord_token             = "/discord-bot/discord_token"
      litellm_api_key           = "/discord-bot/litellm_api_key"
      "staging/discord_token"   = "/discord-bot-staging/discord_token"
      "staging/litellm_api_key" = "/discord-bot-staging/litellm_api_key"
    }
    error_message = "the two parameters of each environment, below its own path"
  }
}

run "secrets_of_a_known_environment" {
  command = plan

  variables {
    environment_secrets = { staging = { litellm_api_key = "a-key-of-staging" } }
  }

  assert {
    condition     = output.names["staging/litellm_api_key"] == "/discord-bot-staging/litellm_api_key"
    error_message = "one secret of one environment may be given alone"
  }
}

run "a_secret_that_is_not_used" {
  command = plan

  variables {
    project         = "second-bot"
    environments    = []
    secret_versions = { litellm_api_key = 0 }
  }

  assert {
    condition     = output.names == { discord_token = "/second-bot/discord_token" }
    error_message = "version 0 makes no parameter; a version that is not named is 1"
  }
}
