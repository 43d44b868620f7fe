namespace Tally;

/// <summary>Puts messages on the business queues. Each is there when the call returns; put again, it comes again.</summary>
public interface IMessageSender
{
    /// <summary>Puts a text, as <see cref="MessageJson"/> writes it. The queue is made if it is not there.</summary>
    /// <exception cref="Exception">The queue service refused or did not answer; whether the message is there is unknown.</exception>
    Task SendAsync(string queue, string text, CancellationToken cancellationToken);
}
