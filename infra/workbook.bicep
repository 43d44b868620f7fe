// The page that an operator looks at: workbook.json's queries over the metrics of docs/metrics.md.
param location string
param tags object
param workspaceId string
param databaseId string

var charts = loadJsonContent('workbook.json')

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'tally')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Tally'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat(
        [{ type: 1, name: 'head', content: { json: '# Tally\nThe last day. What each line should be: docs/metrics.md, Objectives.' } }],
        map(charts, chart => {
          type: 3
          name: chart.title
          content: {
            version: 'KqlItem/1.0'
            title: chart.title
            query: chart.query
            size: 0
            timeContext: { durationMs: 86400000 }
            queryType: 0
            resourceType: 'microsoft.operationalinsights/workspaces'
            crossComponentResources: [workspaceId]
            visualization: chart.visualization
          }
        }),
        [
          {
            type: 10
            name: 'database'
            content: {
              version: 'MetricsItem/2.0'
              title: 'Database: connections, CPU, disk'
              size: 0
              chartType: 2
              resourceType: 'microsoft.dbforpostgresql/flexibleservers'
              metricScope: 0
              resourceIds: [databaseId]
              timeContext: { durationMs: 86400000 }
              metrics: map(['active_connections', 'cpu_percent', 'storage_percent'], metric => {
                namespace: 'microsoft.dbforpostgresql/flexibleservers'
                metric: 'microsoft.dbforpostgresql/flexibleservers--${metric}'
                aggregation: 4
              })
            }
          }
        ]
      )
    })
  }
}
