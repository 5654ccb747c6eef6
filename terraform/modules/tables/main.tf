locals {
  tables = {
    sessions = {
      hash_key   = "thread_id"
      range_key  = null
      attributes = { thread_id = "S" }
      ttl        = null # a session lives as long as its thread
      indexes    = {}
    }
    executions = {
      hash_key   = "execution_id"
      range_key  = null
      attributes = { execution_id = "S", thread_id = "S", created_at = "S" }
      ttl        = "ttl"
      indexes    = { "thread_id-index" = { hash_key = "thread_id", range_key = "created_at" } }
    }
    messages = {
      hash_key   = "pk" # the thread
      range_key  = "sk" # its turns, in order
      attributes = { pk = "S", sk = "S", timestamp = "N" }
      ttl        = "ttl" # written as 30 days from now
      indexes    = { TimestampIndex = { hash_key = "pk", range_key = "timestamp" } }
    }
    history = {
      hash_key   = "thread_id"
      range_key  = "created_at"
      attributes = { thread_id = "S", created_at = "S" }
      ttl        = "expires_at"
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
  tags                        = var.tags

  dynamic "attribute" {
    for_each = each.value.attributes
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.value.indexes
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key
      range_key       = global_secondary_index.value.range_key
      projection_type = "ALL"
    }
  }

  dynamic "ttl" {
    for_each = each.value.ttl[*]
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  # AWS's own key: no key of ours that could be lost, and no bill by the request
  #checkov:skip=CKV_AWS_119:A customer-managed key adds a way to lose the data and guards against no one who cannot read the table anyway
  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}
