using Azure.Core;
using Azure.Core.Pipeline;
using LocalRuntime.Queues;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Tally.Reporting.Accounts;
using Xunit;

namespace Tally.Tests.LocalRuntime.Queues;

/// <summary>What goes over the wire, and what becomes of answers that Azurite does not give.</summary>
public sealed class QueueRequestTests
{
    private const string Account = "devstoreaccount1";
    private const string WellKnownKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    [Fact]
    public void A_request_is_signed_over_its_method_headers_and_resource()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var policy = new SharedKeyPolicy(Account, WellKnownKey, clock);
        var message = HttpPipelineBuilder.Build(new QueueClientOptions()).CreateMessage();
        message.Request.Method = RequestMethod.Put;
        message.Request.Uri.Reset(new Uri($"http://127.0.0.1:10001/{Account}/orders/messages/m-1?visibilitytimeout=30&popreceipt=AgAA%2B%2F%3D"));
        message.Request.Headers.Add("x-ms-version", "2021-12-02");
        message.Request.Headers.Add("Content-Type", "application/xml");
        message.Request.Content = RequestContent.Create(new byte[3]);

        policy.OnSendingRequest(message);

        policy.StringToSign(message.Request).ShouldBe(
            "PUT\n\n\n3\n\napplication/xml\n\n\n\n\n\n\nx-ms-date:Sun, 01 Mar 2026 12:00:00 GMT\nx-ms-version:2021-12-02\n" +
            $"/{Account}/{Account}/orders/messages/m-1\npopreceipt:AgAA+/=\nvisibilitytimeout:30");
        message.Request.Headers.TryGetValue("Authorization", out var authorization).ShouldBeTrue();
        authorization.ShouldBe($"SharedKey {Account}:DuelrrxwhPwzKp3VRSxwoYxEV4nYAxee9LFwSr1NleY=");
    }

    [Fact]
    public async Task A_token_goes_into_the_authorization_header()
    {
        var service = new ScriptedService(ScriptedService.Answer(204));
        var connection = QueueConnection.FromCredential(new Uri("https://acme.queue.core.windows.net"), new FixedToken("token-1"));

        await Queue(connection, service).ClearAsync();

        var request = service.Requests.ShouldHaveSingleItem();
        request.Headers.Authorization!.ToString().ShouldBe("Bearer token-1");
        request.Headers.GetValues("x-ms-version").ShouldHaveSingleItem().ShouldBe("2021-12-02");
        request.Headers.GetValues("x-ms-client-request-id").ShouldHaveSingleItem().ShouldNotBeEmpty();
        request.RequestUri.ShouldBe(new Uri("https://acme.queue.core.windows.net/orders/messages"));
    }

    [Fact]
    public async Task A_shared_access_signature_goes_into_the_query()
    {
        var service = new ScriptedService(ScriptedService.Answer(200), ScriptedService.Answer(204));
        var queue = Queue(QueueConnection.FromConnectionString("QueueEndpoint=https://acme.queue.core.windows.net;SharedAccessSignature=sv=1&sig=x%3D"), service);

        await queue.ExistsAsync();
        await queue.ClearAsync();

        service.Requests.Select(request => request.RequestUri!.Query).ShouldBe(["?comp=metadata&sv=1&sig=x%3D", "?sv=1&sig=x%3D"]);
        service.Requests[0].Headers.Authorization.ShouldBeNull();
    }

    [Fact]
    public async Task A_busy_service_is_asked_again_when_it_says()
    {
        var busy = ScriptedService.Answer(503, "ServerBusy");
        busy.Headers.Add("retry-after-ms", "5");
        var service = new ScriptedService(busy, ScriptedService.Answer(500), ScriptedService.Answer(204));

        await Queue(SharedKey(), service).ClearAsync();

        service.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_refusal_says_what_failed_why_and_under_which_request_and_holds_no_key()
    {
        var body = "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.\nRequestId:1\nTime:2</Message></Error>";
        var service = new ScriptedService(ScriptedService.Answer(403, "AuthenticationFailed", body));

        var refusal = await Should.ThrowAsync<QueueStorageException>(() => Queue(SharedKey(), service).ClearAsync());

        refusal.Message.ShouldBe("Queue 'orders': the service answered 403 AuthenticationFailed, Server failed to authenticate the request. (request service-request-1).");
        refusal.Status.ShouldBe(403);
        refusal.ErrorCode.ShouldBe("AuthenticationFailed");
        refusal.QueueName.ShouldBe("orders");
        refusal.IsTransient.ShouldBeFalse();
        refusal.ToString().ShouldNotContain(WellKnownKey);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_named()
    {
        var connection = QueueConnection.FromConnectionString($"AccountName={Account};AccountKey={WellKnownKey};QueueEndpoint=http://127.0.0.1:1/{Account}");
        var options = new QueueClientOptions { Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(1) } };

        var failure = await Should.ThrowAsync<QueueStorageException>(() => new QueueService(connection, options).GetQueue("orders").ClearAsync());

        failure.Message.ShouldBe("Queue 'orders': no answer from http://127.0.0.1:1. Is the queue service running and reachable?");
        failure.Status.ShouldBe(0);
        failure.IsTransient.ShouldBeTrue();
    }

    [Theory]
    [InlineData("<html>welcome to the hotel</html>")]
    [InlineData("hello")]
    [InlineData("")]
    public async Task An_answer_that_is_not_a_queue_services_is_an_error_of_its_own(string body)
    {
        var service = new ScriptedService(ScriptedService.Answer(201, body: body));

        (await Should.ThrowAsync<QueueStorageException>(() => Queue(SharedKey(), service).PutAsync("text"))).Message.ShouldContain("is not that of a queue service");
    }

    [Fact]
    public async Task A_queue_that_is_being_deleted_does_not_pass_for_an_existing_one()
    {
        var service = new ScriptedService(ScriptedService.Answer(409, "QueueBeingDeleted"), ScriptedService.Answer(409, "QueueAlreadyExists"));
        var queue = Queue(SharedKey(), service);

        (await Should.ThrowAsync<QueueStorageException>(() => queue.CreateIfNotExistsAsync())).ErrorCode.ShouldBe("QueueBeingDeleted");
        (await queue.CreateIfNotExistsAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task What_the_service_would_refuse_is_refused_before_it_is_sent()
    {
        var service = new ScriptedService();
        var encoded = Queue(SharedKey(), service);
        var plain = new QueueService(SharedKey(), service.Options).GetQueue("orders", QueueMessageEncoding.None);

        (await Should.ThrowAsync<ArgumentException>(() => plain.PutAsync("bell \a"))).Message.ShouldContain("U+0007 at position 5");
        (await Should.ThrowAsync<ArgumentException>(() => plain.PutAsync("😀 \uffff"))).Message.ShouldContain("U+FFFF at position 3");
        (await Should.ThrowAsync<ArgumentException>(() => encoded.PutAsync(new string('x', 49_153)))).Message.ShouldContain("65,540");
        Should.Throw<ArgumentException>(() => new QueueService(SharedKey(), service.Options).GetQueue("Orders"));
        service.Requests.ShouldBeEmpty();
    }

    private static QueueConnection SharedKey() => QueueConnection.FromConnectionString($"AccountName={Account};AccountKey={WellKnownKey}");

    private static QueueClient Queue(QueueConnection connection, ScriptedService service) => new QueueService(connection, service.Options).GetQueue("orders");
}
