# Each bad value has its message. What they say is in the variables.
mock_provider "aws" {}

run "secret_versions_1" {
  command = plan

  variables {
    secret_versions = { discord = 2 }
  }

  expect_failures = [var.secret_versions]
}

run "region_1" {
  command = plan

  variables {
    region = "Canada"
  }

  expect_failures = [var.region]
}

run "project_1" {
  command = plan

  variables {
    project = "Discord Bot"
  }

  expect_failures = [var.project]
}

run "discord_token_1" {
  command = plan

  variables {
    discord_token = "Bot abc"
  }

  expect_failures = [var.discord_token]
}

run "discord_token_2" {
  command = plan

  variables {
    discord_token = ""
  }

  expect_failures = [var.discord_token]
}

run "litellm_api_key_1" {
  command = plan

  variables {
    litellm_api_key = "two words"
  }

  expect_failures = [var.litellm_api_key]
}

run "litellm_api_key_2" {
  command = plan

  variables {
    litellm_api_key = "short"
  }

  expect_failures = [var.litellm_api_key]
}

run "environment_secrets_of_an_unknown_environment" {
  command = plan

  variables {
    environment_secrets = { stagin = { litellm_api_key = "a-key-of-staging" } }
  }

  expect_failures = [var.environment_secrets]
}

run "environment_secrets_of_an_unknown_name" {
  command = plan

  variables {
    environment_secrets = { staging = { litellm_key = "a-key-of-staging" } }
  }

  expect_failures = [var.environment_secrets]
}

run "environment_secrets_that_are_not_what_their_name_says" {
  command = plan

  variables {
    environment_secrets = { staging = { discord_token = "Bot abc" } }
  }

  expect_failures = [var.environment_secrets]
}

run "secrets_path_1" {
  command = plan

  module {
    source = "../modules/secrets"
  }

  variables {
    path     = "/aws/mine"
    versions = {}
  }

  expect_failures = [var.path]
}

run "secrets_path_2" {
  command = plan

  module {
    source = "../modules/secrets"
  }

  variables {
    path     = "no-slash"
    versions = {}
  }

  expect_failures = [var.path]
}

run "secrets_versions_1" {
  command = plan

  module {
    source = "../modules/secrets"
  }

  variables {
    versions = { a = -1 }
    path     = "/p"
  }

  expect_failures = [var.versions]
}
