# Each key and its reason, and the questions that it answers: docs/data.md
locals {
  tables = {
    sessions = {
      hash_key   = "thread_id"
      range_key  = null
      attributes = { thread_id = "S" }
      indexes    = {}
    }
    executions = {
      hash_key   = "execution_id"
      range_key  = null
      attributes = { execution_id = "S", thread_id = "S", created_at = "N" }
      indexes = {
        "thread_id-index" = { hash_key = "thread_id", range_key = "created_at", projection = "ALL" }
      }
    }
    messages = {
      hash_key   = "pk" # the thread
      range_key  = "sk" # its turns, in order
      attributes = { pk = "S", sk = "S", day = "S", timestamp = "N" }
      indexes = {
        TimestampIndex = { hash_key = "pk", range_key = "timestamp", projection = "ALL" }
        DayIndex       = { hash_key = "day", range_key = "timestamp", projection = "KEYS_ONLY" }
      }
    }
    history = {
      hash_key   = "thread_id"
      range_key  = "message_id" # a number: as texts, an id of 17 digits sorts behind one of 18
      attributes = { thread_id = "S", message_id = "N" }
      indexes    = {}
    }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = var.names[each.key]
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash_key
  range_key                   = each.value.range_key
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = each.value.attributes
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  # Provider 6 deprecates an index's hash_key and range_key for key_schema, which provider 5 does not know.
  dynamic "global_secondary_index" {
    for_each = each.value.indexes
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key
      range_key       = global_secondary_index.value.range_key
      projection_type = global_secondary_index.value.projection
    }
  }

  # To stop expiry, write enabled = false and keep attribute_name, which AWS asks for. Without this block the provider
  # finds no change, and items go on expiring.
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  # The key that AWS manages for the account (alias/aws/dynamodb): its uses are in CloudTrail, and AWS KMS bills them by
  # the request (docs/cost.md). enabled = false would be a key that AWS owns: free, and seen by no one.
  #checkov:skip=CKV_AWS_119:A customer-managed key adds a way to lose the data, and who reads a table may use it
  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}
